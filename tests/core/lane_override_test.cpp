// Overrides, faults and restarts: what takes the lane and how it comes back (lane contract §2).
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {

TEST_CASE("the fire alarm opens every lane at once and they stay open until it is normal and reset by name") {
  LaneWorld world({LaneOptions{}, LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.set(kFire, true);
  world.run(milliseconds{40});
  for (std::size_t lane : {0U, 1U}) {
    CHECK(world.phase(lane) == Phase::kReleased);
    CHECK(world.barrier_commanded_open(lane));
  }
  const auto refused = world.command(StaffVerb::kReset, {}, "all");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "input_active");
  world.set(kFire, false);
  world.run(std::chrono::seconds{30});
  CHECK(world.phase(0) == Phase::kReleased);
  CHECK(world.command(StaffVerb::kReset).has_value());
  world.settle();
  CHECK(world.phase(1) == Phase::kReleased);
  CHECK(world.command(StaffVerb::kReset, {}, "all").has_value());
  world.settle(1);
  REQUIRE(world.sealed.size() == 2);
  CHECK(world.sealed[0].kind == ReceiptKind::kReleased);
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
}

TEST_CASE("an alarm during an exit seals the shopper's receipt and counts who leaves in the release's own") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.set(kFire, true);
  world.run(milliseconds{40});
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  world.walk_through();
  world.set(kFire, false);
  world.run(std::chrono::seconds{3});
  CHECK(world.command(StaffVerb::kReset).has_value());
  world.settle();
  REQUIRE(world.sealed.size() == 2);
  CHECK(world.sealed[1].kind == ReceiptKind::kReleased);
  CHECK(world.sealed[1].passages == 1);
}

TEST_CASE("a release that was found active stays released across a restart until it is reset") {
  LoadedState loaded;
  loaded.lanes.push_back({.lane_id = ShortId::of("1"), .released = true});
  LaneWorld world({LaneOptions{}}, loaded);
  world.run(std::chrono::seconds{5});
  CHECK(world.phase() == Phase::kReleased);
  CHECK(world.barrier_commanded_open());
  CHECK(world.command(StaffVerb::kReset).has_value());
  world.settle();
}

TEST_CASE("a hold is staff's own receipt, and releasing it lets the lane recover and close") {
  LaneWorld world;
  world.settle();
  CHECK(world.command(StaffVerb::kHoldOpen).has_value());
  CHECK(world.phase() == Phase::kHeldOpen);
  CHECK(world.barrier_commanded_open());
  CHECK(world.coils[kGreen]);
  CHECK(world.lanes_stored["1"].held_open);
  CHECK(world.command(StaffVerb::kHoldOpen).error().code == "no_effect");
  CHECK(world.command(StaffVerb::kOpen).error().code == "held_open");
  CHECK(world.command(StaffVerb::kReleaseHold).has_value());
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kStaff);
  CHECK(world.sealed[0].by == "kim");
}

TEST_CASE("the attendant's key holds the lane open while it is on") {
  LaneWorld world;
  world.settle();
  world.set(kStaffKey, true);
  world.run(milliseconds{50});
  CHECK(world.phase() == Phase::kHeldOpen);
  world.set(kStaffKey, false);
  world.settle();
}

TEST_CASE("out of service refuses and keeps closed, and lets those inside out first") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.set(kSafety, true);
  world.run(milliseconds{50});
  CHECK(world.command(StaffVerb::kOutOfService).has_value());
  CHECK(world.phase() == Phase::kOutOfService);
  CHECK(world.barrier_commanded_open());
  world.walk_through();
  REQUIRE(world.run_until([&] { return !world.barrier_commanded_open(); }, std::chrono::seconds{5}));
  world.run(std::chrono::seconds{2});
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kPassed);
  world.set(kApproach, true);
  world.run(std::chrono::seconds{4});
  CHECK(world.phase() == Phase::kOutOfService);
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.command(StaffVerb::kOpen).error().code == "out_of_service");
  world.set(kApproach, false);
  CHECK(world.command(StaffVerb::kInService).has_value());
  world.settle();
}

TEST_CASE("staff open one passage in idle, with a staff receipt") {
  LaneWorld world;
  world.settle();
  CHECK(world.command(StaffVerb::kOpen).has_value());
  CHECK(world.command(StaffVerb::kOpen).error().code == "lane_busy");
  world.run(std::chrono::seconds{1});
  world.set(kApproach, true);
  world.run(milliseconds{300});
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kStaff);
  CHECK(world.sealed[0].basis == Basis::kStaff);
  CHECK(world.sealed[0].passages == 1);
  CHECK(world.sealed[0].note == "test");
}

TEST_CASE("a lane whose device is lost is faulted and comes back by itself") {
  LaneWorld world;
  world.settle();
  world.device(false);
  world.run(milliseconds{1100});
  CHECK(world.phase() == Phase::kFaulted);
  CHECK(world.has_fault(FaultCode::kDeviceDown));
  world.coils[kBarrier] = false;  // the module has dropped its outputs
  world.device(true);
  world.settle();
  CHECK_FALSE(world.has_fault(FaultCode::kDeviceDown));
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kFault);
}

TEST_CASE("an exit during which the eyes were lost is unknown and says so") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.device(false);
  world.run(milliseconds{1200});
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kUnknown);
  CHECK(world.sealed[0].flags.has(Flag::kSensorLost));
}

TEST_CASE("an output found open though it was commanded closed is taken over, never closed on whoever stands there") {
  LaneWorld world;
  world.settle();
  world.set(kSafety, true);
  world.coils[kBarrier] = false;
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kRecovering; }, std::chrono::seconds{1}));
  CHECK(world.has_fault(FaultCode::kOutputLost));
  const auto written = world.writes.size();
  world.run(std::chrono::seconds{3});
  for (auto i = written; i < world.writes.size(); ++i) {
    const auto& write = world.writes[i].second;
    CHECK_FALSE((write.point == kBarrier && write.energised));
  }
  world.set(kSafety, false);
  world.settle();
  CHECK_FALSE(world.has_fault(FaultCode::kOutputLost));
}

TEST_CASE("a barrier forced open is an alarm with an unauthorised receipt and a continuous buzzer") {
  LaneWorld world;
  world.settle();
  world.run(std::chrono::seconds{1});
  world.travel_ms = 1e9;
  world.force_position(0, 0.5);
  world.run(milliseconds{50});
  CHECK(world.alarms() == std::vector<std::string>{"forced"});
  CHECK(world.coils[kBuzzer]);
  world.travel_ms = 500;
  world.settle();
  CHECK_FALSE(world.coils[kBuzzer]);
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kUnauthorised);
  CHECK(world.sealed[0].flags.has(Flag::kForced));
}

TEST_CASE("a safety eye that stays blocked faults the lane, leaves a closed barrier closed, and heals itself") {
  LaneWorld world;
  world.settle();
  world.set(kSafety, true);
  world.run(std::chrono::seconds{59});
  CHECK(world.phase() == Phase::kIdle);
  world.run(std::chrono::seconds{2});
  CHECK(world.phase() == Phase::kFaulted);
  CHECK(world.has_fault(FaultCode::kEyeStuck));
  CHECK_FALSE(world.barrier_commanded_open());
  world.set(kSafety, false);
  world.settle();
  CHECK_FALSE(world.has_fault(FaultCode::kEyeStuck));
}

TEST_CASE("both limits active for 500 ms fault the lane open") {
  LaneWorld world;
  world.settle();
  world.contradict_limits(true);
  world.run(milliseconds{400});
  CHECK(world.phase() == Phase::kIdle);
  world.run(milliseconds{200});
  CHECK(world.phase() == Phase::kFaulted);
  CHECK(world.barrier_commanded_open());
  world.contradict_limits(false);
  world.settle();
}

TEST_CASE(
    "what was open when the daemon died is sealed unknown at the next start, and its shopper may leave once more") {
  LaneWorld world({LaneOptions{}}, interrupted_exit());
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kUnknown);
  world.opens_for_a_paid_cart();
  CHECK(world.open.begin()->second.flags.has(Flag::kAfterRestart));
  world.walk_through();
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{500});
  CHECK(world.reason() == "already_used");
}

TEST_CASE("outputs are repeated at least every 500 ms and alive beats at 2 Hz") {
  LaneWorld world;
  world.settle();
  world.writes.clear();
  world.run(std::chrono::seconds{4});
  std::map<PointId, std::vector<MonoTime>> at;
  for (const auto& [time, write] : world.writes) at[write.point].push_back(time);
  for (const PointId point : {PointId{kBarrier}, PointId{kGreen}, PointId{kRed}, PointId{kBuzzer}, PointId{kHealthy}}) {
    REQUIRE(at[point].size() >= 7);
    for (std::size_t i = 1; i < at[point].size(); ++i) CHECK(at[point][i] - at[point][i - 1] <= milliseconds{500});
  }
  CHECK(at[kAlive].size() >= 15);
  CHECK(at[kAlive].size() <= 17);
}

TEST_CASE("a mode switch needs an idle and empty lane and survives a restart") {
  LaneWorld world;
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK(world.command(StaffVerb::kMode, LaneMode::kMixed).error().code == "lane_busy");
  world.set(kApproach, false);
  world.run(std::chrono::seconds{1});
  CHECK(world.command(StaffVerb::kMode, LaneMode::kMixed).has_value());
  CHECK(world.controller->status().lanes[0].mode == LaneMode::kMixed);
  LoadedState loaded;
  loaded.lanes.push_back(world.lanes_stored["1"]);
  LaneWorld next({LaneOptions{}}, loaded);
  CHECK(next.controller->status().lanes[0].mode == LaneMode::kMixed);
}

}  // namespace exitgate::test
