#include "receipts/outbox.hpp"

#include <sqlite3.h>

#include <catch2/catch_test_macros.hpp>

#include "receipt_samples.hpp"
#include "receipts/receipt_json.hpp"
#include "receipts/schema.hpp"

namespace exitgate {
namespace {

using namespace test;

std::vector<Uuid> ids(const std::vector<StoredReceipt>& receipts) {
  std::vector<Uuid> out;
  for (const auto& stored : receipts) out.push_back(stored.receipt.receipt_id);
  return out;
}

void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  char* error = nullptr;
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error);
  INFO((error ? error : ""));
  REQUIRE(code == SQLITE_OK);
  sqlite3_close(db);
}

}  // namespace

TEST_CASE("sealing gives sequence, previous hash and hash, and opens survive a restart") {
  const TemporaryFolder folder;
  const auto options = options_for(folder.file("r.db"));
  {
    auto outbox = open_outbox(options);
    require_good(outbox.apply({PutOpenReceipt{open_receipt(1)}, PutOpenReceipt{open_receipt(2)}}));
    require_good(outbox.apply({PutOpenReceipt{open_receipt(3)}}));
    require_good(outbox.apply({PutSealedReceipt{sealed_receipt(2)}}));
    require_good(outbox.apply({PutSealedReceipt{sealed_receipt(1)}}));
  }
  auto outbox = open_outbox(options);
  seal(outbox, 9, 9);
  const auto queued = outbox.next_queued(10);
  require_good(queued);
  REQUIRE(ids(*queued) == std::vector{receipt_id(2), receipt_id(1), receipt_id(9)});
  auto previous = first_previous_hash();
  for (std::size_t i = 0; i < queued->size(); ++i) {
    const auto& stored = (*queued)[i];
    CHECK(stored.sequence == static_cast<std::int64_t>(i) + 1);
    CHECK(stored.previous_hash == previous);
    CHECK(stored.chain_id == kChain);
    CHECK(hash_verifies(stored.json));
    previous = stored.hash;
  }
  const auto loaded = outbox.load(kStart);
  require_good(loaded);
  REQUIRE(loaded->state.open_receipts.size() == 1);
  CHECK(loaded->state.open_receipts.front() == open_receipt(3));
  CHECK(outbox.queue_status().queued == 3);
  CHECK(outbox.queue_status().oldest_queued == sealed_receipt(2).ended_at);
}

TEST_CASE("an open receipt may be replaced, a sealed one never changes") {
  auto outbox = open_outbox(options_for(":memory:"));
  auto receipt = open_receipt(1);
  require_good(outbox.apply({PutOpenReceipt{receipt}}));
  receipt.passages = 1;
  require_good(outbox.apply({PutOpenReceipt{receipt}}));
  CHECK(outbox.get(receipt.receipt_id)->receipt.passages == 1);
  seal(outbox, 1, 1);
  const auto json = outbox.get(receipt.receipt_id)->json;

  CHECK(outbox.apply({PutOpenReceipt{receipt}}).error().code == "wrong_state");
  auto other = sealed_receipt(1);
  other.passages = 2;
  CHECK(outbox.apply({PutSealedReceipt{other}}).error().code == "wrong_state");
  SECTION("sealing it again with the same content is no error and does nothing") {
    seal(outbox, 1, 1);
    CHECK(outbox.queue_status().queued == 1);
  }
  CHECK(outbox.get(receipt.receipt_id)->json == json);
}

TEST_CASE("a transaction is applied as a whole or not at all, and its failure costs no sequence") {
  auto outbox = open_outbox(options_for(":memory:"));
  seal(outbox, 1, 1);
  auto unfinished = open_receipt(3);
  const auto failed =
      outbox.apply({PutSealedReceipt{sealed_receipt(2)}, PutCursor{"e7"}, PutSealedReceipt{unfinished}});
  CHECK(failed.error().code == "invalid_receipt");
  CHECK(outbox.get(receipt_id(2)).error().code == "not_found");
  CHECK(outbox.load(kStart)->state.last_event_id.empty());
  CHECK(outbox.queue_status().queued == 1);
  seal(outbox, 4, 4);
  CHECK(outbox.get(receipt_id(4))->sequence == 2);
  CHECK(outbox.verify()->good());
}

TEST_CASE("in a group one bad transaction does not fail the others") {
  auto outbox = open_outbox(options_for(":memory:"));
  const std::vector<OutboxWrite> group{
      std::vector<StoreWrite>{PutSealedReceipt{sealed_receipt(1)}},
      std::vector<StoreWrite>{PutSealedReceipt{sealed_receipt(2)}, PutSealedReceipt{open_receipt(3)}},
      DeliveryOutcome{{{receipt_id(1)}}, {}},
      RetryReceipt{receipt_id(77)},
      std::vector<StoreWrite>{PutSealedReceipt{sealed_receipt(4)}},
  };
  const auto results = outbox.apply_group(group);
  REQUIRE(results.size() == 5);
  CHECK(results[0]);
  CHECK(results[1].error().code == "invalid_receipt");
  CHECK(results[2]);
  CHECK(results[3].error().code == "not_found");
  CHECK(results[4]);
  CHECK(outbox.get(receipt_id(4))->sequence == 2);
  CHECK(outbox.get(receipt_id(1))->state == ReceiptState::kDelivered);
  CHECK(outbox.queue_status().queued == 1);
  CHECK(outbox.verify()->good());
}

TEST_CASE("a rejected receipt waits in quarantine until staff send it again, at its place in the queue") {
  auto outbox = open_outbox(options_for(":memory:"));
  seal(outbox, 1, 3);
  require_good(outbox.record_outcome({{{receipt_id(2)}}, {{receipt_id(1), "no such \xFFstore"}}}));
  CHECK(outbox.queue_status().quarantined == 1);
  CHECK(outbox.get(receipt_id(1))->rejected_reason == "no such \xEF\xBF\xBDstore");
  CHECK(ids(*outbox.next_queued(10)) == std::vector{receipt_id(3)});

  CHECK(outbox.retry(receipt_id(2)).error().code == "wrong_state");
  CHECK(outbox.retry(receipt_id(99)).error().code == "not_found");
  require_good(outbox.retry(receipt_id(1)));
  CHECK(ids(*outbox.next_queued(10)) == std::vector{receipt_id(1), receipt_id(3)});
  CHECK(outbox.queue_status().quarantined == 0);
}

TEST_CASE("an outcome is recorded once however often it is told, and never for an open receipt") {
  auto outbox = open_outbox(options_for(":memory:"));
  seal(outbox, 1, 2);
  require_good(outbox.apply({PutOpenReceipt{open_receipt(3)}}));
  require_good(outbox.record_outcome({{{receipt_id(1)}}, {}}));
  require_good(outbox.record_outcome({{{receipt_id(1)}}, {}}));
  CHECK(outbox.record_outcome({{}, {{receipt_id(1), "late"}}}).error().code == "wrong_state");
  CHECK(outbox.record_outcome({{{receipt_id(2)}, {receipt_id(3)}}, {}}).error().code == "wrong_state");
  CHECK(outbox.get(receipt_id(2))->state == ReceiptState::kQueued);
}

TEST_CASE("pages list sealed receipts by sequence, then open ones, each exactly once") {
  auto outbox = open_outbox(options_for(":memory:"));
  seal(outbox, 1, 7);
  for (std::uint32_t n = 20; n > 15; --n) require_good(outbox.apply({PutOpenReceipt{open_receipt(n)}}));
  std::vector<Uuid> seen;
  ReceiptQuery query{.state = std::nullopt, .after = std::nullopt, .limit = 3};
  for (;;) {
    const auto page = outbox.list(query);
    require_good(page);
    CHECK(page->receipts.size() <= 3);
    for (const auto& one : ids(page->receipts)) seen.push_back(one);
    if (!page->next) break;
    query.after = page->next;
  }
  std::vector<Uuid> expected;
  for (std::uint32_t n = 1; n <= 7; ++n) expected.push_back(receipt_id(n));
  for (std::uint32_t n = 16; n <= 20; ++n) expected.push_back(receipt_id(n));
  CHECK(seen == expected);
  CHECK(outbox.list({.state = ReceiptState::kOpen, .after = std::nullopt, .limit = 100})->receipts.size() == 5);
  CHECK(outbox.list({.state = ReceiptState::kDelivered, .after = std::nullopt, .limit = 100})->receipts.empty());
  CHECK(outbox.list({.state = std::nullopt, .after = "garbage", .limit = 1}).error().code == "invalid_query");
}

TEST_CASE("old delivered receipts are pruned, but the newest and whatever was not delivered stay") {
  auto outbox = open_outbox(options_for(":memory:"));
  seal(outbox, 1, 6);
  require_good(outbox.record_outcome(
      {{{receipt_id(1)}, {receipt_id(2)}, {receipt_id(4)}, {receipt_id(6)}}, {{receipt_id(3), "x"}}}));
  const auto much_later = kStart + std::chrono::hours{24 * 40};
  const auto more = outbox.housekeep(kStart + std::chrono::hours{24 * 29});
  require_good(more);
  CHECK(outbox.get(receipt_id(1)));
  require_good(outbox.housekeep(much_later));
  for (const auto gone : {1U, 2U, 4U}) CHECK(outbox.get(receipt_id(gone)).error().code == "not_found");
  for (const auto kept : {3U, 5U, 6U}) CHECK(outbox.get(receipt_id(kept)));
  CHECK(outbox.verify()->good());
  const auto pruned = outbox.list({.state = ReceiptState::kQueued, .after = std::nullopt, .limit = 1})->pruned_through;
  CHECK(pruned == std::map<Uuid, std::int64_t>{{outbox.get(receipt_id(3))->chain_id, 4}});
  seal(outbox, 7, 7);
  CHECK(outbox.get(receipt_id(7))->previous_hash == outbox.get(receipt_id(6))->hash);
}

TEST_CASE("delivered receipts stamped by a clock at 1970 are kept as long as the one that was sealed after them") {
  auto outbox = open_outbox(options_for(":memory:"));
  seal(outbox, 1, 2);
  for (const auto n : {3U, 4U}) {
    auto receipt = sealed_receipt(n);
    receipt.clock_synchronised = false;
    receipt.authorised_at = wall_from_ms(n);
    receipt.passed_at = receipt.ended_at = wall_from_ms(1000 + n);
    require_good(outbox.apply({PutSealedReceipt{receipt}}));
  }
  auto next = sealed_receipt(5);
  next.ended_at = kStart + std::chrono::hours{24 * 10};
  require_good(outbox.apply({PutSealedReceipt{next}, PutSealedReceipt{sealed_receipt(6)}}));
  for (const auto n : {1U, 2U, 3U, 4U, 5U, 6U}) require_good(outbox.record_outcome({{{receipt_id(n)}}, {}}));
  require_good(outbox.housekeep(kStart + std::chrono::hours{24 * 35}));
  for (const auto gone : {1U, 2U}) CHECK(outbox.get(receipt_id(gone)).error().code == "not_found");
  for (const auto kept : {3U, 4U, 5U, 6U}) CHECK(outbox.get(receipt_id(kept)));
  require_good(outbox.housekeep(kStart + std::chrono::hours{24 * 45}));
  for (const auto gone : {3U, 4U, 5U}) CHECK(outbox.get(receipt_id(gone)).error().code == "not_found");
  CHECK(outbox.verify()->good());
}

TEST_CASE("expired state goes a day after its time, not before") {
  auto outbox = open_outbox(options_for(":memory:"));
  LedgerEntry entry;
  entry.entry_id = id(5, 1);
  entry.expires_at = kStart;
  require_good(
      outbox.apply({PutLedger{entry}, PutRevocation{{id(2, 1), std::nullopt}, kStart}, PutClockFloor{kStart}}));
  require_good(outbox.housekeep(kStart + std::chrono::hours{23}));
  CHECK(outbox.load(kStart)->state.ledger.size() == 1);
  CHECK(outbox.load(kStart)->state.revocations.empty());
  require_good(outbox.housekeep(kStart + std::chrono::hours{25}));
  const auto loaded = outbox.load(kStart);
  CHECK(loaded->state.ledger.empty());
  CHECK(loaded->state.clock_floor == kStart);
}

TEST_CASE("a database of a newer version is refused with a clear error and nothing in it is touched") {
  const TemporaryFolder folder;
  const auto options = options_for(folder.file("r.db"));
  {
    auto outbox = open_outbox(options);
    seal(outbox, 1, 3);
  }
  run_sql(options.path, "PRAGMA user_version=99");
  const auto before = content_of(options.path);
  const auto opened = Outbox::open(options);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == "schema_newer");
  CHECK(opened.error().message.find("99") != std::string::npos);
  CHECK(content_of(options.path) == before);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CHECK(entry.path().string().find("damaged") == std::string::npos);
  }
}

TEST_CASE("somebody else's database is refused and left as it is") {
  const TemporaryFolder folder;
  const auto options = options_for(folder.file("r.db"));
  run_sql(options.path, "CREATE TABLE recipes(name TEXT); INSERT INTO recipes VALUES('bread')");
  const auto before = content_of(options.path);
  CHECK(Outbox::open(options).error().code == "storage_foreign");
  CHECK(content_of(options.path) == before);
}

TEST_CASE("somebody else's database in the box's own folder is kept aside as it is, and a new one begins") {
  const TemporaryFolder folder;
  auto options = options_for(folder.file("r.db"));
  run_sql(options.path, "CREATE TABLE recipes(name TEXT); INSERT INTO recipes VALUES('bread')");
  const auto before = content_of(options.path);
  options.own_folder = true;
  const auto opened = Outbox::open(options);
  require_good(opened);
  CHECK(opened->damage.begun_anew);
  CHECK(opened->damage.what.find("not exitgate's") != std::string::npos);
  REQUIRE_FALSE(opened->damage.kept_aside.empty());
  CHECK(content_of(opened->damage.kept_aside.back()) == before);
}

TEST_CASE("a migration that fails leaves the schema at the version before it") {
  auto db = Database::open(":memory:", "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  require_good(db);
  const std::array<Migration, 3> steps{Migration{"CREATE TABLE one(a)"}, Migration{"CREATE TABLE two(b)"},
                                       Migration{"CREATE TABLE three(c); CREATE TABLE one(d)"}};
  const auto migrated = migrate(*db, steps);
  REQUIRE_FALSE(migrated);
  CHECK(migrated.error().message.find("migration 3") != std::string::npos);
  Query version(*db, "PRAGMA user_version");
  REQUIRE(version.step().value());
  CHECK(version.integer(0) == 2);
  Query three(*db, "SELECT count(*) FROM sqlite_schema WHERE name='three'");
  REQUIRE(three.step().value());
  CHECK(three.integer(0) == 0);
}

TEST_CASE("a path that can't be opened is an error that names it") {
  const TemporaryFolder folder;
  const auto opened = Outbox::open(options_for(folder.file("missing/r.db")));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == "storage_io");
  CHECK(opened.error().message.find("missing/r.db") != std::string::npos);
}

TEST_CASE(
    "beyond max_queued storage is low, and beyond its reserve new receipts are refused while open ones are sealed") {
  auto options = options_for(":memory:");
  options.max_queued = 2 - kReserveReceipts;
  auto outbox = open_outbox(options);
  require_good(outbox.apply({PutOpenReceipt{open_receipt(1)}}));
  CHECK(outbox.queue_status().storage_low);
  seal(outbox, 2, 3);
  const auto refused = outbox.apply({PutSealedReceipt{sealed_receipt(4)}});
  CHECK(refused.error().code == "storage_full");
  seal(outbox, 1, 1);
  CHECK(outbox.queue_status().queued == 3);
  require_good(outbox.record_outcome({{{receipt_id(1)}, {receipt_id(2)}}, {}}));
  seal(outbox, 4, 4);
}

}  // namespace exitgate
