// The invariants bite: each is shown a lane or a command that breaks it.
#include "core/invariants.hpp"

#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

constexpr Duration kConfirmTimeout = milliseconds{800};

std::string broken(const LaneWorld& world, const LaneGuard& before, const std::vector<Command>& commands,
                   MonoTime now) {
  return broken_invariant(world.controller->lanes()[0], before, commands, world.controller->gate().book,
                          kConfirmTimeout, now)
      .value_or("");
}

std::string broken(const LaneWorld& world, const std::vector<Command>& commands = {}) {
  return broken(world, guard_of(world.controller->lanes()[0]), commands, world.now().mono);
}

}  // namespace

TEST_CASE("S1 is broken by a write of closed to an open barrier with somebody in the swept area") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  REQUIRE(world.command(StaffVerb::kHoldOpen));
  world.run(milliseconds{700});
  const std::vector<Command> close{WriteOutput{kBarrier, true}};
  CHECK(broken(world, close).empty());
  world.set(kSafety, true);
  world.run(milliseconds{50});
  CHECK(broken(world, close).starts_with("S1"));
  CHECK(broken(world).empty());
}

TEST_CASE("S3 is broken by a verdict that opens with nobody read at the approach") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  auto before = guard_of(world.controller->lanes()[0]);
  world.push(expected(1));
  world.opens_for_whoever_comes();
  // The admission of a moment ago, judged with the approach as it was then and as it is without anybody.
  CHECK(broken(world, before, {}, world.now().mono).empty());
  world.set(kApproach, false);
  world.run(milliseconds{50});
  CHECK(broken(world, before, {}, world.now().mono).starts_with("S3"));
  CHECK(broken(world).empty());
}

TEST_CASE("S9 is broken by a question that is waited for longer than the confirm timeout allows") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.backend = [](const ConfirmRequest&) { return std::nullopt; };
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kDeciding; }, std::chrono::seconds{2}));
  const auto guard = guard_of(world.controller->lanes()[0]);
  CHECK(broken(world, guard, {}, world.now().mono + milliseconds{850}).empty());
  CHECK(broken(world, guard, {}, world.now().mono + milliseconds{900}).starts_with("S9"));
}

TEST_CASE("S9 is broken by somebody whose cart is looked for longer than no_beacon_ms") {
  LaneWorld world;
  world.settle();
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPresent; }, std::chrono::seconds{2}));
  const auto guard = guard_of(world.controller->lanes()[0]);
  CHECK(broken(world, guard, {}, world.now().mono + milliseconds{2500}).empty());
  CHECK(broken(world, guard, {}, world.now().mono + milliseconds{2600}).starts_with("S9"));
}

}  // namespace exitgate::test
