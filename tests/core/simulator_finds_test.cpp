// Situations in which the simulator found the core wrong, with the seed that showed them.
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

/// Cart 117 is admitted for a party of three; its cart and pusher pass while the next one blocks the approach.
std::uint32_t passages_with_next_at_approach(LaneWorld& world, const std::function<void()>& meanwhile) {
  world.opens_for_a_paid_cart(3);
  meanwhile();
  world.run(milliseconds{600});
  world.set(kSafety, true);
  for (int blockage = 0; blockage < 2; ++blockage) {
    world.set(kExit, true);
    world.run(milliseconds{300});
    world.set(kExit, false);
    world.run(milliseconds{300});
  }
  world.set(kSafety, false);
  world.run(std::chrono::seconds{2});
  REQUIRE(world.controller->lanes()[0].authorisations().size() == 1);
  return world.controller->lanes()[0].authorisations()[0].receipt.passages;
}

}  // namespace

TEST_CASE("cart and pusher stay one passage while a cart is parked beside the lane (simulator, seed 1, radio)") {
  LaneWorld world;
  CHECK(passages_with_next_at_approach(world, [&] { world.beacon(118, BeaconState::kShopping, -68, 0, 2); }) == 1);
}

TEST_CASE(
    "cart and pusher stay one passage while a neighbour's cart is heard here too (simulator, seeds 7 and 9, radio)") {
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  CHECK(passages_with_next_at_approach(world, [&] {
          world.beacon(118, BeaconState::kClosed, -60, 1, 2);
          world.beacon(118, BeaconState::kClosed, -72, 0, 2);
        }) == 1);
}

TEST_CASE(
    "a cart that goes out where another's shopper turned back is one passage with its pusher (simulator, seed 30)") {
  LaneWorld world;
  CHECK(passages_with_next_at_approach(world, [&] {
          world.silence(117);
          world.run(std::chrono::seconds{3});
          world.beacon(118, BeaconState::kClosed, -60, 0, 2);
        }) == 1);
}

TEST_CASE("a second cart right behind the first starts a passage of its own") {
  LaneWorld world;
  CHECK(passages_with_next_at_approach(world, [&] { world.beacon(118, BeaconState::kClosed, -60, 0, 2); }) == 2);
}

TEST_CASE("staff hold a mixed lane open while cart and pusher pass: they are one passage still (simulator, seed 17)") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
  world.opens_for_a_paid_cart();
  world.set(kSafety, true);
  world.set(kApproach, false);
  world.set(kExit, true);
  world.run(milliseconds{300});
  world.set(kExit, false);
  REQUIRE(world.command(StaffVerb::kHoldOpen));
  world.run(milliseconds{300});
  world.set(kExit, true);
  world.run(milliseconds{300});
  world.set(kSafety, false);
  world.set(kExit, false);
  world.run(std::chrono::seconds{2});
  REQUIRE(world.controller->lanes()[0].authorisations().size() == 1);
  CHECK(world.controller->lanes()[0].authorisations()[0].receipt.passages == 1);
}

TEST_CASE(
    "somebody counted while the barrier seems stuck has passed: the receipt is not not_used and the session is spent "
    "(simulator, seed 97)") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(1));
  world.opens_for_whoever_comes();
  world.walk_through();
  world.settle();
  // The contacts do not move any more, and of the next one only the exit eye sees something.
  world.barrier_jammed = true;
  world.push(expected(2));
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kAdmitting; }, std::chrono::seconds{2}));
  world.set(kApproach, false);
  world.set(kExit, true);
  world.run(milliseconds{400});
  world.set(kExit, false);
  REQUIRE(world.run_until([&] { return world.sealed.size() >= 2; }, std::chrono::seconds{20}));
  CHECK(world.sealed[1].session_id == session(2));
  CHECK(world.sealed[1].passages == 1);
  CHECK(world.sealed[1].outcome == Outcome::kPassed);
}

TEST_CASE(
    "a closed contact that stuck while the barrier was open does not prove that it has closed (simulator, seed 509)") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  REQUIRE(world.command(StaffVerb::kOpen));
  world.run(milliseconds{600});
  world.walk_through();
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kClearing; }));
  world.run(milliseconds{200});
  REQUIRE(world.phase() == Phase::kClearing);
  world.closed_contact_sticks(true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kClosing; }));
  world.run(milliseconds{200});
  CHECK(world.phase() == Phase::kClosing);
  world.set(kSafety, true);
  world.run(milliseconds{30});
  CHECK(world.barrier_commanded_open());
  world.set(kSafety, false);
  world.closed_contact_sticks(false);
  world.settle();
  CHECK_FALSE(world.has_fault(FaultCode::kInvariantViolated));
}

TEST_CASE(
    "an exit repeated after a restart and not used leaves its session used at every other lane (simulator, seed 301)") {
  LaneWorld world({LaneOptions{}, LaneOptions{}}, interrupted_exit());
  world.settle();
  REQUIRE(world.sealed.at(0).outcome == Outcome::kUnknown);
  world.paid_cart_comes_near();
  const auto turns_back = [&] {
    world.opens_for_whoever_comes();
    CHECK(world.open.begin()->second.flags.has(Flag::kAfterRestart));
    world.set(kApproach, false);
    world.settle();
    CHECK(world.sealed.back().outcome == Outcome::kNotUsed);
  };
  turns_back();
  world.silence(117);
  world.run(std::chrono::seconds{3});
  world.beacon(117, BeaconState::kClosed, -60, 1);
  world.run(milliseconds{600});
  world.set(kApproach + kPointsPerLane, true);
  world.run(std::chrono::seconds{1});
  CHECK_FALSE(world.barrier_commanded_open(1));
  CHECK(world.reason(1) == "already_used");
  // Where it was interrupted it may be tried again.
  world.set(kApproach + kPointsPerLane, false);
  world.silence(117);
  world.run(std::chrono::seconds{3});
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  turns_back();
}

}  // namespace exitgate::test
