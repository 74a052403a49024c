#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "api_rig.hpp"
#include "cli_rig.hpp"
#include "receipts/receipt_json.hpp"

using namespace exitgate;
using exitgate::test::ApiRig;
using exitgate::test::call;
using exitgate::test::stored_receipt;

namespace {

/// A chain of sealed receipts, delivered.
std::vector<StoredReceipt> chain(int count) {
  std::vector<StoredReceipt> receipts;
  std::string previous = first_previous_hash();
  for (int n = 1; n <= count; ++n) {
    StoredReceipt stored = stored_receipt(n, ReceiptState::kDelivered);
    Receipt& receipt = stored.receipt;
    receipt.store_id = ShortId::of("SEA-042");
    receipt.gate_id = ShortId::of("front");
    receipt.lane_id = LaneId::of("1");
    receipt.kind = ReceiptKind::kStaff;
    receipt.basis = Basis::kStaff;
    receipt.outcome = Outcome::kPassed;
    receipt.passages = 1;
    receipt.by = "An\x7f\xc3\xa9 \"quoted\"";
    receipt.authorised_at = wall_from_s(1'700'000'000 + n);
    receipt.ended_at = wall_from_s(1'700'000'005 + n);
    ChainLink link{*parse_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), n, previous, ""};
    stored.json = seal_json(receipt, link);
    previous = link.hash;
    receipts.push_back(stored);
  }
  return receipts;
}

auto verify = [](const cli::Session& session) { return cli::receipts_verify(session, ""); };

}  // namespace

TEST_CASE("receipts: listed with their state, and what the backend can't take with why") {
  ApiRig rig;
  rig.store.receipts = {stored_receipt(1, ReceiptState::kQueued), stored_receipt(2, ReceiptState::kQuarantined)};
  const auto all = call(rig.socket(), [](const auto& s) { return cli::receipts_list(s, "", 50); });
  CHECK(all.code == 0);
  CHECK(all.out.find("passed   queued") != std::string::npos);
  const auto bad = call(rig.socket(), [](const auto& s) { return cli::receipts_list(s, "quarantined", 50); });
  CHECK(bad.out.find("unknown lane") != std::string::npos);
  CHECK(bad.out.find("queued") == std::string::npos);
  CHECK(
      call(rig.socket(), [](const auto& s) { return cli::receipts_list(s, "", 1); }).err.starts_with("There are more"));
}

TEST_CASE("receipts: one is shown whole, and sent again from quarantine only") {
  ApiRig rig;
  rig.store.receipts = {stored_receipt(2, ReceiptState::kQuarantined)};
  const auto id = to_string(rig.store.receipts[0].receipt.receipt_id);
  const auto shown = call(rig.socket(), [&](const auto& s) { return cli::receipts_show(s, id); });
  CHECK(shown.out.starts_with("state: quarantined (unknown lane)\nended_at: 2026-10-26T05:33:20.000Z\n"));
  CHECK(call(rig.socket(), [&](const auto& s) { return cli::receipts_retry(s, id); }).code == 0);
  const auto again = call(rig.socket(), [&](const auto& s) { return cli::receipts_retry(s, id); });
  CHECK(again.code == 1);
  CHECK(again.err == "exitgate: It is not in quarantine (wrong_state)\n");
  CHECK(call(rig.socket(), [](const auto& s) { return cli::receipts_show(s, "nothing"); }).code == 1);
}

TEST_CASE("receipts: export writes each on a line, through all pages") {
  ApiRig rig;
  rig.store.receipts = chain(1500);
  const auto exported = call(rig.socket(), [](const auto& s) { return cli::receipts_export(s, "", ""); });
  CHECK(exported.code == 0);
  CHECK(std::count(exported.out.begin(), exported.out.end(), '\n') == 1500);
}

TEST_CASE("receipts: a whole chain verifies, also one whose beginning is no longer kept") {
  ApiRig rig;
  rig.store.receipts = chain(5);
  const auto good = call(rig.socket(), verify);
  INFO(good.err);
  CHECK(good.code == 0);
  CHECK(good.out == "5 sealed receipts checked, every hash and every chain is whole\n");
  rig.store.receipts.erase(rig.store.receipts.begin(), rig.store.receipts.begin() + 2);
  CHECK(call(rig.socket(), verify).code == 0);
}

TEST_CASE("receipts: one in quarantine verifies beside those after it that were delivered and are no longer kept") {
  ApiRig rig;
  rig.store.receipts = chain(6);
  rig.store.receipts[0].state = ReceiptState::kQuarantined;
  rig.store.receipts.erase(rig.store.receipts.begin() + 1, rig.store.receipts.begin() + 4);
  const Uuid chain_id = *parse_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  rig.store.pruned_through = {{chain_id, 4}};
  CHECK(call(rig.socket(), verify).code == 0);
  // A newer one is missing than any that was let go.
  rig.store.pruned_through = {{chain_id, 3}};
  const auto dropped = call(rig.socket(), verify);
  CHECK(dropped.code == 1);
  CHECK(dropped.err == "chain 0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b sequence 5: it comes after 1\n");
}

TEST_CASE("receipts: a receipt dropped or edited is found") {
  ApiRig rig;
  rig.store.receipts = chain(5);
  rig.store.receipts.erase(rig.store.receipts.begin() + 2);
  const auto dropped = call(rig.socket(), verify);
  CHECK(dropped.code == 1);
  CHECK(dropped.err == "chain 0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b sequence 4: it comes after 2\n");
  rig.store.receipts = chain(5);
  auto& json = rig.store.receipts[1].json;
  json.replace(json.find("\"passages\":1"), 12, "\"passages\":2");
  const auto edited = call(rig.socket(), verify, true);
  CHECK(edited.code == 1);
  CHECK(edited.out.starts_with("{\"good\":false,\"checked\":5,\"findings\":[{"));
}

TEST_CASE("receipts: a database file that is none is told") {
  ApiRig rig;
  std::ofstream(rig.folder() + "/x.db") << "no database";
  const auto bad = call("", [&](const auto& s) { return cli::receipts_verify(s, rig.folder() + "/x.db"); });
  CHECK(bad.code == 1);
  CHECK_FALSE(bad.err.empty());
}
