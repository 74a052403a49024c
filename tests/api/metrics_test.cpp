#include "api/metrics.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "fakes.hpp"

using namespace exitgate;
using namespace exitgate::api;

namespace {

PublicEvent event(PublicEventType type, std::vector<std::pair<std::string_view, FieldValue>> fields) {
  return {type, wall_from_s(1), LaneId::of("1"), std::move(fields)};
}

bool has(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: events are counted under the contract's names") {
  Metrics metrics("0.1.0");
  test::FakeGate gate;
  for (int i = 0; i < 2; ++i) {
    metrics.on_event(event(PublicEventType::kReceipt, {{"state", std::string("sealed")},
                                                       {"kind", std::string("cart")},
                                                       {"basis", std::string("prefetched")},
                                                       {"outcome", std::string("passed")}}));
  }
  metrics.on_event(event(
      PublicEventType::kReceipt,
      {{"state", std::string("sealed")}, {"kind", std::string("unauthorised")}, {"outcome", std::string("passed")}}));
  metrics.on_event(event(PublicEventType::kReceipt, {{"state", std::string("open")}, {"kind", std::string("cart")}}));
  metrics.on_event(event(PublicEventType::kPassage, {{"kind", std::string("cart")}, {"passages", std::int64_t{1}}}));
  metrics.on_event(event(
      PublicEventType::kVerdict,
      {{"decision", std::string("refuse")}, {"reason", std::string("see_staff")}, {"decision_us", std::int64_t{9}}}));
  metrics.on_event(event(PublicEventType::kVerdict, {{"decision", std::string("admit")},
                                                     {"basis", std::string("confirmed")},
                                                     {"decision_us", std::int64_t{30'000}}}));
  const auto text = metrics.text(gate.view);
  INFO(text);
  CHECK(has(text, R"(exitgate_exits_total{basis="prefetched",kind="cart",lane="1",outcome="passed"} 2)"));
  CHECK(has(text, R"(exitgate_exits_total{basis="none",kind="unauthorised",lane="1",outcome="passed"} 1)"));
  CHECK(has(text, R"(exitgate_passages_total{kind="cart",lane="1"} 1)"));
  CHECK(has(text, R"(exitgate_refusals_total{lane="1",reason="see_staff"} 1)"));
  CHECK(has(text, R"(exitgate_decision_seconds_count{basis="confirmed"} 1)"));
  CHECK(has(text, R"(exitgate_decision_seconds_bucket{basis="confirmed",le="0.025"} 0)"));
  CHECK(has(text, R"(exitgate_decision_seconds_bucket{basis="confirmed",le="0.05"} 1)"));
}

TEST_CASE("metrics: what the contract names is there before it is first used, and by lane at 0") {
  Metrics metrics("0.1.0");
  const auto text = metrics.text(test::FakeGate().view);
  INFO(text);
  for (const auto* const name :
       {"lane_phase gauge", "exits_total counter", "passages_total counter", "refusals_total counter",
        "decision_seconds histogram", "commit_seconds histogram", "confirm_seconds histogram", "beacons_total counter",
        "device_up gauge", "device_request_seconds histogram", "receipts_queued gauge", "receipts_quarantined gauge",
        "receipts_oldest_age_seconds gauge", "backend_online gauge", "fault gauge", "build_info gauge"}) {
    INFO(name);
    CHECK(has(text, std::string("# TYPE exitgate_") + name));
  }
  CHECK(has(text, R"(exitgate_exits_total{basis="signed_pass",kind="cart",lane="1",outcome="passed"} 0)"));
  CHECK(has(text, R"(exitgate_passages_total{kind="unauthorised",lane="1"} 0)"));
  CHECK(has(text, R"(exitgate_refusals_total{lane="1",reason="finish_on_cart"} 0)"));
  CHECK(has(text, R"(exitgate_decision_seconds_count{basis="offline_policy"} 0)"));
}

TEST_CASE("metrics: gauges show the gate as it stands, and a fault that went is 0") {
  Metrics metrics("0.1.0");
  test::FakeGate gate;
  gate.view.lanes[0].phase = Phase::kHeldOpen;
  gate.view.receipts = {3, 1, gate.view.now - std::chrono::seconds(5)};
  gate.view.faults = {{FaultCode::kEyeStuck, Severity::kLaneDown, "lane:1", wall_from_s(1), ""}};
  auto text = metrics.text(gate.view);
  INFO(text);
  CHECK(has(text, R"(exitgate_lane_phase{lane="1",phase="held_open"} 1)"));
  CHECK(has(text, R"(exitgate_lane_phase{lane="1",phase="idle"} 0)"));
  CHECK(has(text, R"(exitgate_device_up{device="io1"} 1)"));
  CHECK(has(text, R"(exitgate_device_up{device="rx1"} 0)"));
  CHECK(has(text, "exitgate_receipts_queued 3"));
  CHECK(has(text, "exitgate_receipts_quarantined 1"));
  CHECK(has(text, "exitgate_receipts_oldest_age_seconds 5"));
  CHECK(has(text, "exitgate_backend_online 1"));
  CHECK(has(text, R"(exitgate_fault{code="eye_stuck",part="lane:1"} 1)"));
  CHECK(has(text, R"(exitgate_build_info{version="0.1.0"} 1)"));
  gate.view.faults.clear();
  text = metrics.text(gate.view);
  CHECK(has(text, R"(exitgate_fault{code="eye_stuck",part="lane:1"} 0)"));
}

TEST_CASE("metrics: direct observations have their own families") {
  Metrics metrics("0.1.0");
  metrics.observe_commit(milliseconds(3));
  metrics.observe_confirm(milliseconds(30));
  metrics.observe_device_request("io1", milliseconds(4));
  metrics.observe_device_request("io1", milliseconds(4));
  metrics.count_beacons("rx1", "accepted", 10);
  metrics.count_beacons("rx1", "accepted");
  metrics.count_beacons("rx1", "mac");
  const auto text = metrics.text(test::FakeGate().view);
  CHECK(has(text, "exitgate_commit_seconds_count 1"));
  CHECK(has(text, "exitgate_confirm_seconds_count 1"));
  CHECK(has(text, R"(exitgate_device_request_seconds_count{device="io1"} 2)"));
  CHECK(has(text, R"(exitgate_beacons_total{receiver="rx1",result="accepted"} 11)"));
  CHECK(has(text, R"(exitgate_beacons_total{receiver="rx1",result="mac"} 1)"));
}
