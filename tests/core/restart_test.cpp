// When the program may start anew in place, for a store file with other devices or points (decision 6).
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

constexpr Duration kAWhile = std::chrono::seconds{5};

bool may_restart(const LaneWorld& world) { return world.controller->may_restart(); }

}  // namespace

TEST_CASE("a restart waits until every lane is empty, and not for lanes that an override keeps from being idle") {
  LaneWorld world({LaneOptions{}, LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.settle(1);
  CHECK(may_restart(world));
  for (const auto verb : {StaffVerb::kHoldOpen, StaffVerb::kOutOfService}) {
    REQUIRE(world.command(verb).has_value());
    world.run(kAWhile);
    CHECK(may_restart(world));
    CHECK_FALSE(world.controller->all_idle());
    REQUIRE(world.command(verb == StaffVerb::kHoldOpen ? StaffVerb::kReleaseHold : StaffVerb::kInService).has_value());
    world.settle();
  }
}

TEST_CASE("a restart does not wait for the reset of lanes that the fire alarm has released") {
  LaneWorld world;
  world.settle();
  world.set(kFire, true);
  world.run(kAWhile);
  CHECK(may_restart(world));
  world.set(kFire, false);
  world.run(kAWhile);
  REQUIRE(world.phase() == Phase::kReleased);
  CHECK(may_restart(world));
}

TEST_CASE("a lane whose device is lost, as with a wrong address, keeps no other file from being taken") {
  LaneWorld world;
  world.settle();
  world.device(false);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kFaulted; }, kAWhile));
  CHECK(may_restart(world));
  REQUIRE(world.command(StaffVerb::kHoldOpen).has_value());
  world.run(kAWhile);
  CHECK(may_restart(world));
}

TEST_CASE("a lane with an eye that is stuck, as with a wrong level, keeps no other file from being taken") {
  LaneWorld world;
  world.settle();
  world.set(kSafety, true);
  world.run(kAWhile);
  CHECK_FALSE(may_restart(world));
  REQUIRE(world.run_until([&] { return world.has_fault(FaultCode::kEyeStuck); }, std::chrono::seconds{70}));
  CHECK(may_restart(world));
}

TEST_CASE("a restart waits while somebody is admitted, inside a lane that is held open, or not counted yet") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  CHECK_FALSE(may_restart(world));
  world.walk_through();
  world.silence(117);
  world.settle();
  REQUIRE(world.command(StaffVerb::kHoldOpen).has_value());
  world.run(kAWhile);
  world.set(kSafety, true);
  world.run(milliseconds{200});
  CHECK_FALSE(may_restart(world));
  world.set(kExit, true);
  world.run(milliseconds{200});
  world.set(kSafety, false);
  world.run(milliseconds{200});
  world.set(kExit, false);
  world.run(milliseconds{200});
  CHECK_FALSE(may_restart(world));
  world.run(kAWhile);
  CHECK(may_restart(world));
}

TEST_CASE("a restart waits while a lane that goes out of service is closing") {
  LaneWorld world;
  world.travel_ms = 2000;
  world.settle();
  REQUIRE(world.command(StaffVerb::kHoldOpen).has_value());
  world.run(kAWhile);
  REQUIRE(world.command(StaffVerb::kOutOfService).has_value());
  REQUIRE(world.command(StaffVerb::kReleaseHold).has_value());
  REQUIRE(world.run_until([&] { return !world.barrier_commanded_open(); }, kAWhile));
  CHECK_FALSE(may_restart(world));
  world.run(kAWhile);
  CHECK(world.phase() == Phase::kOutOfService);
  CHECK(may_restart(world));
}

TEST_CASE("a restart waits for the named reset after a broken invariant, which no durable state remembers") {
  LaneWorld world;
  world.settle();
  // What only the controller can break: told to the lane as its check does.
  auto& lane = const_cast<Lane&>(world.controller->lanes()[0]);
  lane.invariant_violated(const_cast<GateState&>(world.controller->gate()), "S1", world.now());
  world.run(kAWhile);
  REQUIRE(world.phase() == Phase::kFaulted);
  CHECK_FALSE(may_restart(world));
}

TEST_CASE("a restart waits while the disk takes nothing, for what is only in memory would be lost") {
  LaneWorld world;
  world.settle();
  world.disk_fails("disk_full");
  REQUIRE(world.command(StaffVerb::kHoldOpen).has_value());
  world.run(kAWhile);
  CHECK_FALSE(may_restart(world));
  world.disk_fails("");
  world.run(kAWhile);
  CHECK(may_restart(world));
}

}  // namespace exitgate::test
