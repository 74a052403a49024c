// Outbox against MemoryOutbox: the same random work on both must give the same answers, also after every kind of
// restart.
#include <rapidcheck.h>

#include <catch2/catch_test_macros.hpp>

#include "receipt_samples.hpp"
#include "receipts/memory_outbox.hpp"
#include "receipts/receipt_json.hpp"

namespace exitgate {
namespace {

using namespace test;

rc::Gen<std::uint32_t> few() { return rc::gen::inRange<std::uint32_t>(1, 12); }

std::string any_bytes() { return *rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }

Receipt any_receipt(bool sealed) {
  auto receipt = sealed ? sealed_receipt(*few()) : open_receipt(*few());
  receipt.passages = *rc::gen::inRange<std::uint32_t>(0, 3);
  receipt.flags = Flags::from_bits(*rc::gen::inRange<std::uint16_t>(0, 1U << kFlagCount));
  if (*rc::gen::arbitrary<bool>()) receipt.note = any_bytes();
  if (*rc::gen::arbitrary<bool>()) receipt.basis = Basis::kOfflinePolicy;
  if (*rc::gen::arbitrary<bool>()) receipt.total = Money{*rc::gen::inRange<std::int64_t>(-9, 9000), {'E', 'U', 'R'}};
  return receipt;
}

StoreWrite any_write() {
  const auto n = *few();
  switch (*rc::gen::inRange(0, 16)) {
    case 0:
    case 1:
      return PutOpenReceipt{any_receipt(false)};
    case 2:
    case 3:
    case 4:
      return PutSealedReceipt{any_receipt(true)};
    case 5: {
      LedgerEntry entry;
      entry.entry_id = id(5, n);
      if (*rc::gen::arbitrary<bool>()) entry.session_id = id(2, n);
      if (*rc::gen::arbitrary<bool>()) entry.session_tag = SessionTag{{1, 2}};
      entry.used = n;
      return PutLedger{entry};
    }
    case 6:
      return DropLedger{id(5, n)};
    case 7: {
      LaneDurable lane;
      lane.lane_id = ShortId::of(std::to_string(n));
      lane.released = n % 2 == 0;
      lane.by = valid_utf8(any_bytes());
      return PutLane{lane};
    }
    case 8: {
      Closure closure;
      closure.session_id = id(7, n);
      closure.cart_id = n;
      closure.expires_at = kStart;
      if (n % 3 == 0) closure.total = Money{5, {'U', 'S', 'D'}};
      return PutClosure{closure};
    }
    case 9:
      return n == 1 ? StoreWrite{DropAllClosures{}} : StoreWrite{DropClosure{id(7, n)}};
    case 10:
      return PutExpected{{ShortId::of("2"), id(8, n), kStart, kStart, 2}};
    case 11:
      return DropExpected{id(8, n), ShortId::of("2")};
    case 12:
      return PutRevocation{{id(2, n), std::nullopt}, kStart + std::chrono::seconds{n}};
    case 13:
      return n % 2 ? StoreWrite{PutClaim{id(2, n), ShortId::of("back"), kStart}} : StoreWrite{DropClaim{id(2, n)}};
    case 14:
      return PutReplayMarks{{{n, n}, {n + 1, 7}}};
    default: {
      PassKey key;
      key.key_id = static_cast<std::uint8_t>(n);
      key.not_before = kStart;
      return n % 2 ? StoreWrite{PutPassKeys{{key}}} : StoreWrite{PutCursor{"e" + std::to_string(n)}};
    }
  }
}

void check_same_receipts(Outbox& outbox, const MemoryOutbox& model) {
  const ReceiptQuery everything{.state = std::nullopt, .after = std::nullopt, .limit = 1000};
  const auto real = outbox.list(everything)->receipts;
  const auto expected = model.list(everything)->receipts;
  RC_ASSERT(real.size() == expected.size());
  for (std::size_t i = 0; i < real.size(); ++i) {
    RC_ASSERT(real[i].receipt == expected[i].receipt);
    RC_ASSERT(real[i].state == expected[i].state);
    RC_ASSERT(real[i].json == expected[i].json);
    RC_ASSERT(real[i].hash == expected[i].hash);
    RC_ASSERT(real[i].sequence == expected[i].sequence);
    RC_ASSERT(real[i].rejected_reason == expected[i].rejected_reason);
  }
  RC_ASSERT(outbox.queue_status() == model.queue_status());
}

void check_same_state(Outbox& outbox, const MemoryOutbox& model) {
  const auto real = outbox.load(kStart).value();
  const auto expected = model.load(kStart);
  RC_ASSERT(real.bad_rows.empty());
  RC_ASSERT(real.state.open_receipts == expected.open_receipts);
  RC_ASSERT(real.state.ledger == expected.ledger);
  RC_ASSERT(real.state.lanes == expected.lanes);
  RC_ASSERT(real.state.closures == expected.closures);
  RC_ASSERT(real.state.expected == expected.expected);
  RC_ASSERT(real.state.replay_marks == expected.replay_marks);
  RC_ASSERT(real.state.pass_keys == expected.pass_keys);
  RC_ASSERT(real.state.revocations.size() == expected.revocations.size());
  RC_ASSERT(real.state.claims.size() == expected.claims.size());
  RC_ASSERT(real.state.offline_exits.size() == expected.offline_exits.size());
  RC_ASSERT(real.state.last_event_id == expected.last_event_id);
}

/// The same step on both; the same answer from both.
void step_both(Outbox& outbox, MemoryOutbox& model) {
  Status real;
  Status expected;
  switch (*rc::gen::inRange(0, 5)) {
    case 0: {
      DeliveryOutcome outcome;
      for (auto n = *rc::gen::inRange(0, 3); n > 0; --n) outcome.delivered.push_back({receipt_id(*few())});
      if (*rc::gen::arbitrary<bool>()) outcome.rejected.push_back({receipt_id(*few()), "no"});
      real = outbox.record_outcome(outcome);
      expected = model.record_outcome(outcome);
      break;
    }
    case 1: {
      const auto which = receipt_id(*few());
      real = outbox.retry(which);
      expected = model.retry(which);
      break;
    }
    default: {
      std::vector<StoreWrite> transaction;
      for (auto n = *rc::gen::inRange(1, 5); n > 0; --n) transaction.push_back(any_write());
      real = outbox.apply(transaction);
      expected = model.apply(transaction);
    }
  }
  RC_ASSERT(real.has_value() == expected.has_value());
  if (!real) RC_ASSERT(real.error().code == expected.error().code);
}

Outbox reopened(const std::string& path) {
  auto opened = Outbox::open(options_for(path));
  if (!opened) RC_FAIL(opened.error().message);
  RC_ASSERT_FALSE(opened->damage.anything());
  return std::move(opened->outbox);
}

}  // namespace

TEST_CASE("any work gives the same answers as the model, and reopening gives the same state") {
  CHECK(rc::check([] {
    const TemporaryFolder folder;
    auto outbox = std::make_optional(reopened(folder.file("r.db")));
    MemoryOutbox model(kChain);
    for (auto left = *rc::gen::inRange(1, 25); left > 0; --left) {
      step_both(*outbox, model);
      if (*rc::gen::inRange(0, 8) == 0) {
        outbox.reset();
        outbox.emplace(reopened(folder.file("r.db")));
      }
      check_same_receipts(*outbox, model);
    }
    check_same_state(*outbox, model);
    RC_ASSERT(outbox->verify()->good());
  }));
}

TEST_CASE("killed after any commit, with the last bytes of the log torn off: nothing acknowledged before is lost") {
  CHECK(rc::check([] {
    const TemporaryFolder folder;
    auto outbox = reopened(folder.file("r.db"));
    MemoryOutbox model(kChain);
    for (auto left = *rc::gen::inRange(1, 12); left > 0; --left) {
      step_both(outbox, model);
      if (*rc::gen::inRange(0, 6) == 0) RC_ASSERT(outbox.checkpoint().has_value());
    }
    // What a checkpoint has moved was synced before; only a commit behind it can be torn.
    const std::vector<StoreWrite> last{PutSealedReceipt{sealed_receipt(99)}};
    RC_ASSERT(outbox.apply(last).has_value());
    RC_ASSERT(model.apply(last).has_value());
    const auto copy = folder.file("copy.db");
    copy_database(folder.file("r.db"), copy);
    {
      auto after = reopened(copy);
      check_same_receipts(after, model);
      check_same_state(after, model);
    }
    // A commit whose sync had not returned: its frames are there in part. It is there as a whole or not at all.
    copy_database(folder.file("r.db"), copy);
    auto log = content_of(copy + "-wal");
    log.resize(log.size() - *rc::gen::inRange<std::size_t>(1, 4120));
    write_content(copy + "-wal", log);
    auto torn = reopened(copy);
    RC_ASSERT(torn.verify()->good());
    const auto found = torn.get(receipt_id(99));
    if (!found) RC_ASSERT(found.error().code == "not_found");
    const ReceiptQuery everything{.state = std::nullopt, .after = std::nullopt, .limit = 1000};
    const auto expected = model.list(everything)->receipts.size() - (found ? 0 : 1);
    RC_ASSERT(torn.list(everything)->receipts.size() == expected);
  }));
}

}  // namespace exitgate
