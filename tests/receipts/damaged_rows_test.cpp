// Rows that can't be read in a database that is good otherwise: told, kept, and no salvage.
#include <catch2/catch_test_macros.hpp>

#include "receipt_samples.hpp"

namespace exitgate {

using namespace test;

TEST_CASE(
    "an unreadable open receipt is told with its row and kept in quarantine; an unreadable state row is told and "
    "left") {
  const TemporaryFolder folder;
  const auto path = folder.file("r.db");
  {
    auto outbox = open_outbox(options_for(path));
    require_good(
        outbox.apply({PutOpenReceipt{open_receipt(1)}, PutLedger{ledger_entry(1)}, PutLedger{ledger_entry(2)}}));
  }
  auto content = content_of(path);
  content[content.find("\"lane_id\":\"1\"") + 11] = '9';
  content[content.find("\"used\":2") + 7] = '1';
  write_content(path, content);
  auto outbox = open_outbox(options_for(path));
  const auto loaded = outbox.load(kStart);
  require_good(loaded);
  CHECK(loaded->state.open_receipts.empty());
  CHECK(loaded->state.ledger.size() == 1);
  REQUIRE(loaded->bad_rows.size() == 2);
  CHECK(loaded->bad_rows[0].table == "state");
  CHECK(loaded->bad_rows[0].rowid == 3);
  CHECK(loaded->bad_rows[1].table == "receipts");
  CHECK(outbox.queue_status().quarantined == 1);
  CHECK(outbox.list({.state = ReceiptState::kQuarantined, .after = std::nullopt, .limit = 10})->receipts.size() == 1);
}

}  // namespace exitgate
