// Transactions that wait for the disk (operation contract, full disk).
#include "core/persist_queue.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate {
namespace {

Receipt receipt(std::uint32_t n) {
  Receipt made;
  made.receipt_id.bytes[0] = static_cast<std::uint8_t>(n);
  made.receipt_id.bytes[1] = static_cast<std::uint8_t>(n >> 8);
  return made;
}

}  // namespace

TEST_CASE("ten thousand receipts are kept while the disk is full, however many transactions each of them takes") {
  PersistQueue queue;
  std::vector<Command> out;
  const Now now{.mono = MonoTime{std::chrono::seconds{1}}};
  const auto first = queue.submit({PutOpenReceipt{receipt(0)}}, out);
  queue.done({first, fail(Error{"storage_full", "scripted"})}, now);
  for (std::uint32_t n = 1; n < PersistQueue::kMaxKept; ++n) {
    (void)queue.submit({PutOpenReceipt{receipt(n)}}, out);
    (void)queue.submit({PutSealedReceipt{receipt(n)}}, out);
  }
  CHECK_FALSE(queue.overflowing());
  const auto last = queue.submit({PutOpenReceipt{receipt(PersistQueue::kMaxKept)}}, out);
  CHECK(queue.overflowing());
  queue.done({first, Status{}}, now);
  CHECK_FALSE(queue.overflowing());
  CHECK(queue.pending(last));
}

TEST_CASE("what failed is sent again one at a time and in order") {
  PersistQueue queue;
  std::vector<Command> out;
  const auto a = queue.submit({PutOpenReceipt{receipt(1)}}, out);
  queue.done({a, fail(Error{"io", "scripted"})}, {.mono = MonoTime{std::chrono::seconds{1}}});
  const auto b = queue.submit({PutSealedReceipt{receipt(1)}}, out);
  out.clear();
  Wake early(Now{.mono = MonoTime{std::chrono::milliseconds{1500}}});
  queue.update(early, out);
  CHECK(out.empty());
  CHECK(early.earliest() == MonoTime{std::chrono::seconds{2}});
  Wake due(Now{.mono = MonoTime{std::chrono::seconds{2}}});
  queue.update(due, out);
  REQUIRE(out.size() == 1);
  CHECK(std::get<Persist>(out[0]).ticket == a);
  queue.done({a, Status{}}, due.now());
  queue.update(due, out);
  REQUIRE(out.size() == 2);
  CHECK(std::get<Persist>(out[1]).ticket == b);
  queue.done({b, Status{}}, due.now());
  CHECK_FALSE(queue.failing());
  CHECK(queue.kept() == 0);
}

TEST_CASE("while the disk fails the newest form of an open receipt takes the place of the one that waits") {
  PersistQueue queue;
  std::vector<Command> out;
  const auto first = queue.submit({PutCursor{"e1"}}, out);
  queue.done({first, fail(Error{"storage_full", "scripted"})}, {.mono = MonoTime{std::chrono::seconds{1}}});
  const auto opened = queue.submit({PutOpenReceipt{receipt(1)}, PutLedger{}}, out);
  for (std::uint32_t passages = 1; passages <= 1000; ++passages) {
    auto newer = receipt(1);
    newer.passages = passages;
    CHECK(queue.submit({PutOpenReceipt{newer}}, out) == opened);
  }
  CHECK(queue.kept() == 2);
  out.clear();
  Wake due(Now{.mono = MonoTime{std::chrono::seconds{2}}});
  queue.update(due, out);
  queue.done({first, Status{}}, due.now());
  queue.update(due, out);
  REQUIRE(out.size() == 2);
  const auto& sent = std::get<Persist>(out[1]);
  CHECK(sent.ticket == opened);
  REQUIRE(sent.writes.size() == 2);
  CHECK(std::get<PutOpenReceipt>(sent.writes[0]).receipt.passages == 1000);
}

TEST_CASE(
    "beyond ten thousand waiting transactions without a receipt they are dropped, receipts never, and it is told") {
  PersistQueue queue;
  std::vector<Command> out;
  const auto first = queue.submit({PutOpenReceipt{receipt(0)}}, out);
  queue.done({first, fail(Error{"storage_full", "scripted"})}, {.mono = MonoTime{std::chrono::seconds{1}}});
  for (std::size_t n = 0; n < PersistQueue::kMaxOthers; ++n) (void)queue.submit({PutCursor{"e"}}, out);
  const auto sealed = queue.submit({PutSealedReceipt{receipt(0)}}, out);
  CHECK(queue.kept() == PersistQueue::kMaxOthers + 2);
  for (int n = 0; n < 100; ++n) CHECK_FALSE(queue.pending(queue.submit({PutCursor{"more"}}, out)));
  CHECK(queue.kept() == 2);
  CHECK_FALSE(queue.take_dropped());
  queue.done({first, Status{}}, {});
  queue.done({sealed, Status{}}, {});
  CHECK(queue.take_dropped());
  CHECK_FALSE(queue.take_dropped());
  CHECK(queue.pending(queue.submit({PutCursor{"again"}}, out)));
}

}  // namespace exitgate
