#include "receipts/sqlite_receipt_store.hpp"

#include <sqlite3.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <thread>

#include "faulty_vfs.hpp"
#include "receipt_samples.hpp"

namespace exitgate {
namespace {

using namespace test;

void run_until(boost::asio::io_context& io, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!done() && std::chrono::steady_clock::now() < end) {
    io.restart();
    io.run_one_for(std::chrono::seconds{1});
  }
  REQUIRE(done());
}

}  // namespace

TEST_CASE("submits that wait are committed together: far fewer transactions than submits, each told with its time") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  int commits = 0;
  auto opened = open_receipt_store(
      io, {.path = folder.file("r.db"), .reserve_bytes = 0, .vfs = "", .committed = [&](Duration took) {
             CHECK(took > Duration{0});
             ++commits;
           }});
  require_good(opened);
  int answered = 0;
  for (std::uint32_t n = 1; n <= 500; ++n) {
    opened->store->submit({PutSealedReceipt{sealed_receipt(n)}}, [&](const Status& status) {
      CHECK(status);
      ++answered;
    });
  }
  run_until(io, [&] { return answered == 500; });
  CHECK(commits < 250);
  std::optional<VerifyReport> report;
  opened->store->verify([&](Result<VerifyReport> r) { report = r.value(); });
  run_until(io, [&] { return report.has_value(); });
  CHECK(report->good());
  CHECK(report->checked == 500);
}

TEST_CASE("a transaction submitted before a refusal was heard does not overtake the refused one") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  auto opened =
      open_receipt_store(io, {.path = folder.file("r.db"), .reserve_bytes = 0, .vfs = faulty_vfs(), .committed = {}});
  require_good(opened);
  LedgerEntry entry;
  entry.entry_id = id(5, 1);
  std::vector<std::optional<Status>> answers(4);
  const auto submit = [&](std::size_t answer, std::uint32_t used) {
    entry.used = used;
    opened->store->submit({PutLedger{entry}}, [&, answer](Status status) { answers[answer] = std::move(status); });
  };
  // Its sync fails, the disk is good again for the next, which nobody can have called back.
  disk_faults().syncs_to_fail = 1;
  submit(0, 1);
  submit(1, 2);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (disk_faults().syncs_to_fail > 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  submit(2, 3);
  run_until(io, [&] { return answers[0] && answers[1] && answers[2]; });
  for (const auto refused : {0U, 1U, 2U}) {
    REQUIRE_FALSE(*answers[refused]);
    CHECK(answers[refused]->error().code == "storage_io");
  }
  // Tried again in order: what was decided last is what stays.
  submit(3, 3);
  run_until(io, [&] { return answers[3].has_value(); });
  CHECK(*answers[3]);
}

TEST_CASE("the loop does not run dry while an answer is on its way, and a store that goes first still writes") {
  const TemporaryFolder folder;
  const auto path = folder.file("r.db");
  boost::asio::io_context io;
  {
    auto opened = open_receipt_store(io, {.path = path, .reserve_bytes = 0, .vfs = "", .committed = {}});
    require_good(opened);
    bool answered = false;
    opened->store->submit({PutCursor{"e1"}}, [&](const Status& status) { answered = status.has_value(); });
    io.run();
    CHECK(answered);
    opened->store->submit({PutCursor{"e2"}}, [](const Status&) { FAIL("told after the store is gone"); });
  }
  io.restart();
  io.run();
  auto again = open_receipt_store(io, {.path = path, .reserve_bytes = 0, .vfs = "", .committed = {}});
  require_good(again);
  CHECK(again->state.last_event_id == "e2");
}

TEST_CASE("while the disk fails submits are answered promptly with the code, and succeed once it works again") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  auto opened =
      open_receipt_store(io, {.path = folder.file("r.db"), .reserve_bytes = 0, .vfs = faulty_vfs(), .committed = {}});
  require_good(opened);
  const auto submit = [&](std::uint32_t n) {
    std::optional<Status> got;
    opened->store->submit({PutSealedReceipt{sealed_receipt(n)}}, [&](Status status) { got = std::move(status); });
    run_until(io, [&] { return got.has_value(); });
    return *got;
  };
  CHECK(submit(1));
  disk_faults().write_code = SQLITE_FULL;
  CHECK(submit(2).error().code == "storage_full");
  CHECK(opened->store->queue_status().storage_low);
  disk_faults().write_code = SQLITE_IOERR_WRITE;
  CHECK(submit(2).error().code == "storage_io");
  disk_faults().write_code = 0;
  CHECK(submit(2));
  CHECK(opened->store->queue_status().queued == 2);
}

TEST_CASE("the reserve file comes back when there is room again, however often the store is asked for something") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  StoreSettings settings;
  settings.path = folder.file("r.db");
  settings.vfs = faulty_vfs();
  settings.reserve_bytes = 1 << 20;
  settings.reserve_retry = std::chrono::milliseconds{50};
  auto opened = open_receipt_store(io, settings);
  require_good(opened);
  disk_faults().write_code = SQLITE_FULL;
  bool failed = false;
  opened->store->submit({PutCursor{"e1"}}, [&](const Status& status) { failed = !status.has_value(); });
  run_until(io, [&] { return failed; });
  disk_faults().write_code = 0;
  REQUIRE(opened->store->queue_status().storage_low);
  // As the daemon asks, only more often: there is never as much as reserve_retry without a request.
  std::function<void(Result<ReceiptPage>)> again = [&](const Result<ReceiptPage>&) {
    if (opened->store->queue_status().storage_low) opened->store->list({}, again);
  };
  opened->store->list({}, again);
  run_until(io, [&] { return !opened->store->queue_status().storage_low; });
  CHECK(std::filesystem::file_size(settings.path + ".reserve") == 1 << 20);
}

TEST_CASE("housekeeping goes on in small steps until all that is old is gone") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  auto opened = open_receipt_store(io, {.path = folder.file("r.db"), .reserve_bytes = 0, .vfs = "", .committed = {}});
  require_good(opened);
  std::vector<StoreWrite> many;
  for (std::uint32_t n = 0; n < 1700; ++n) many.emplace_back(PutRevocation{{id(2, n), std::nullopt}, kStart});
  opened->store->submit(std::move(many), nullptr);
  opened->store->housekeep(kStart + std::chrono::hours{1});
  io.run();
  opened->store.reset();
  auto again = open_receipt_store(io, {.path = folder.file("r.db"), .reserve_bytes = 0, .vfs = "", .committed = {}});
  require_good(again);
  CHECK(again->state.revocations.empty());
}

}  // namespace exitgate
