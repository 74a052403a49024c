#include "api/api_json.hpp"

#include <catch2/catch_test_macros.hpp>

#include "fakes.hpp"

using namespace exitgate;
using namespace exitgate::api;

TEST_CASE("JSON: status has exactly the contract's members, in its order") {
  test::FakeGate gate;
  gate.view.lanes.resize(1);
  gate.view.receipts = {3, 1, gate.view.now - std::chrono::milliseconds(2500)};
  gate.view.faults = {
      {FaultCode::kReceiverDown, Severity::kWarning, "device:rx1", wall_from_s(1'700'000'001), "Check \"it\""}};
  CHECK(
      status_json(gate.view) ==
      R"({"version":"0.1.0","store_id":"SEA-042","gate_id":"front","clock":"synchronised",)"
      R"("backend":{"state":"online","since":"2023-11-14T22:13:20.000Z"},"receipts":{"queued":3,"quarantined":1,"oldest_age_s":2},)"
      R"("devices":[{"name":"io1","driver":"modbus-tcp","state":"up","since":"2023-11-14T22:13:20.000Z"},)"
      R"({"name":"rx1","driver":"hci-uart","state":"down","since":"2023-11-14T22:13:21.000Z"}],)"
      R"("faults":[{"code":"receiver_down","severity":"warning","part":"device:rx1","since":"2023-11-14T22:13:21.000Z","advice":"Check \"it\""}],)"
      R"("lanes":[{"id":"1","mode":"cart","phase":"idle","reason":null,"barrier":"closed","faults":[],"since":"2023-11-14T22:13:20.000Z"}]})");
}

TEST_CASE("JSON: an empty queue has no age, and a clock set back makes none negative") {
  test::FakeGate gate;
  CHECK(status_json(gate.view).find(R"("oldest_age_s":null)") != std::string::npos);
  gate.view.receipts.oldest_queued = gate.view.now + std::chrono::hours(1);
  CHECK(status_json(gate.view).find(R"("oldest_age_s":0)") != std::string::npos);
}

TEST_CASE("JSON: an event begins with at and lane_id") {
  PublicEvent event = test::phase_event("1", "idle");
  event.fields = {{"a", true}, {"b", std::int64_t{-1}}, {"c", 0.5}, {"d", std::string("x\n")}};
  CHECK(event_json(event) == R"({"at":"2023-11-14T22:13:20.000Z","lane_id":"1","a":true,"b":-1,"c":5E-1,"d":"x\n"})");
  event.lane_id.reset();
  CHECK(event_json(event).starts_with(R"({"at":"2023-11-14T22:13:20.000Z","lane_id":null,)"));
}

TEST_CASE("JSON: receipts are given byte for byte, their state beside them, a damaged one by its id") {
  ReceiptPage page;
  page.receipts = {test::stored_receipt(1, ReceiptState::kQueued), test::stored_receipt(2, ReceiptState::kQuarantined)};
  page.receipts[1].json = "{broken";
  page.next = "a\"b";
  page.pruned_through = {{*parse_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), 7}};
  const auto id = [&](int i) { return to_string(page.receipts[static_cast<std::size_t>(i)].receipt.receipt_id); };
  CHECK(receipts_json(page) == "{\"receipts\":[" + page.receipts[0].json + ",{\"receipt_id\":\"" + id(1) +
                                   "\"}],\"states\":{\"" + id(0) + "\":{\"state\":\"queued\"},\"" + id(1) +
                                   "\":{\"state\":\"quarantined\",\"reason\":\"unknown lane\"}},\"pruned_through\":{"
                                   "\"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\":7},\"next\":\"a\\\"b\"}");
  CHECK(receipts_json({}) == R"({"receipts":[],"states":{},"pruned_through":{},"next":null})");
  CHECK(receipt_json(page.receipts[0]) == "{\"receipt\":" + page.receipts[0].json + ",\"state\":\"queued\"}");
}

TEST_CASE("JSON: points show what is not known as null") {
  CHECK(
      points_json(
          {{"io1/discrete/0", "lane[1].inputs.approach", false, true, false, PointQuality::kGood, milliseconds(12)},
           {"io1/coil/0", "lane[1].outputs.barrier", true, std::nullopt, std::nullopt, PointQuality::kUnread,
            std::nullopt}}) ==
      R"({"points":[{"point":"io1/discrete/0","use":"lane[1].inputs.approach","direction":"input","raw":true,"value":false,"quality":"good","age_ms":12},)"
      R"({"point":"io1/coil/0","use":"lane[1].outputs.barrier","direction":"output","raw":null,"value":null,"quality":"unread","age_ms":null}]})");
}
