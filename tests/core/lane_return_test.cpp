// Coming back: devices that return, barriers found on their way, restarts, and what a reset needs (lane contract §1–2).
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "lane_world.hpp"

namespace exitgate::test {

TEST_CASE("recovering: a barrier found on its way down re-opens at once for somebody in the swept area") {
  LaneWorld world;
  world.force_position(0, 0.8);
  world.travel_ms = 4000;
  world.run(milliseconds{200});
  REQUIRE(world.phase() == Phase::kRecovering);
  REQUIRE_FALSE(world.barrier_commanded_open());
  world.set(kSafety, true);
  world.run(milliseconds{20});
  CHECK(world.barrier_commanded_open());
  world.set(kSafety, false);
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kFault);
}

TEST_CASE("recovering: a barrier commanded closed that never gets there is judged like any closing") {
  LaneWorld world;
  world.force_position(0, 0.5);
  world.barrier_jammed = true;
  REQUIRE(world.run_until([&] { return world.has_fault(FaultCode::kBarrierStuckOpen); }, std::chrono::seconds{60}));
  CHECK(world.phase() == Phase::kFaulted);
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("out of service: a barrier that does not close is tried four times, then the lane is faulted open") {
  LaneWorld world({LaneOptions{}}, {}, true);
  world.barrier_jammed = true;
  world.run(milliseconds{100});
  CHECK(world.command(StaffVerb::kOutOfService).has_value());
  REQUIRE(world.run_until([&] { return world.has_fault(FaultCode::kBarrierStuckOpen); }, std::chrono::seconds{60}));
  CHECK(world.phase() == Phase::kFaulted);
  world.barrier_jammed = false;
  CHECK(world.command(StaffVerb::kReset).has_value());
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kOutOfService && !world.barrier_commanded_open(); }));
}

TEST_CASE("out of service: whoever steps under the closing barrier is let out, with a receipt for the opening") {
  LaneWorld world({LaneOptions{}}, {}, true);
  world.travel_ms = 2000;
  CHECK(world.command(StaffVerb::kOutOfService).has_value());
  REQUIRE(world.run_until([&] { return !world.barrier_commanded_open(); }));
  world.run(milliseconds{300});
  world.set(kSafety, true);
  world.run(milliseconds{20});
  CHECK(world.barrier_commanded_open());
  world.set(kSafety, false);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }));
  CHECK(world.sealed[0].kind == ReceiptKind::kFault);
  CHECK(world.phase() == Phase::kOutOfService);
}

TEST_CASE("out of service during an admission that has not opened yet refuses after all") {
  LaneWorld world;
  world.settle();
  world.disk(false);
  CHECK(world.command(StaffVerb::kOpen).has_value());
  REQUIRE(world.phase() == Phase::kAdmitting);
  CHECK(world.command(StaffVerb::kOutOfService).has_value());
  CHECK(world.phase() == Phase::kOutOfService);
  world.disk(true);
  world.run(std::chrono::seconds{1});
  CHECK_FALSE(world.barrier_commanded_open());
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
}

TEST_CASE("a release is reset only when its input is read as normal") {
  LoadedState loaded;
  loaded.lanes.push_back({.lane_id = ShortId::of("1"), .released = true});
  LaneWorld world({LaneOptions{}}, loaded);
  world.device(false);
  world.run(milliseconds{500});
  const auto refused = world.command(StaffVerb::kReset);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "input_unreadable");
  world.device(true);
  world.run(milliseconds{100});
  CHECK(world.command(StaffVerb::kReset).has_value());
  world.settle();
}

TEST_CASE("stuck travel stands across a restart with its fault, until a named reset") {
  LoadedState loaded;
  loaded.lanes.push_back({.lane_id = ShortId::of("1"), .stuck_travel = true});
  LaneWorld world({LaneOptions{}}, loaded);
  world.run(std::chrono::seconds{5});
  CHECK(world.phase() == Phase::kFaulted);
  CHECK(world.has_fault(FaultCode::kBarrierStuckOpen));
  CHECK(world.command(StaffVerb::kReset).has_value());
  world.settle();
  CHECK_FALSE(world.has_fault(FaultCode::kBarrierStuckOpen));
}

TEST_CASE("a device that returned proves nothing before it was read") {
  InputTable table(make_config({LaneOptions{}}), MonoTime{});
  const auto config = make_config({LaneOptions{}});
  const auto& safety = config.lanes[0].input(InputRole::kSafety);
  const auto at = [](int ms) { return Now{.mono = MonoTime{milliseconds{ms}}}; };
  table.apply({kIo, {{kSafety, false, MonoTime{milliseconds{10}}}}}, MonoTime{milliseconds{10}});
  Wake before(at(20));
  CHECK(table.level(safety, milliseconds{100}, before).readable);
  table.device_down(kIo, MonoTime{milliseconds{30}});
  table.device_up(kIo, MonoTime{milliseconds{40}});
  Wake returned(at(40));
  CHECK_FALSE(table.level(safety, milliseconds{100}, returned).readable);
  table.apply({kIo, {}}, MonoTime{milliseconds{50}});
  Wake read(at(50));
  CHECK(table.level(safety, milliseconds{100}, read).readable);
}

TEST_CASE("a shopper who dipped out of the approach and stands there still is sent to staff after 60 s") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3));
  world.opens_for_whoever_comes();
  world.set(kApproach, false);
  world.run(milliseconds{300});
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }, std::chrono::seconds{62}));
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  CHECK(world.reason() == "see_staff");
}

TEST_CASE("an exit blocked alone does not keep open a lane whose shopper turned back") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3));
  world.opens_for_whoever_comes();
  world.set(kExit, true);
  world.set(kApproach, false);
  world.run(milliseconds{3100});
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  CHECK_FALSE(world.barrier_commanded_open());
}

}  // namespace exitgate::test
