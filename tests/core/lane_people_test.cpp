// Who passes: carts with their pushers, gates that count, the next shopper, one session at two lanes (lane contract
// §5).
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

constexpr PointId kApproach2 = kApproach + kPointsPerLane;

}  // namespace

TEST_CASE("cart and pusher are one passage, a third blockage is another") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.set(kSafety, true);
  world.set(kApproach, false);
  for (int blockage = 0; blockage < 3; ++blockage) {
    world.set(kExit, true);
    world.run(milliseconds{300});
    world.set(kExit, false);
    world.run(milliseconds{400});
  }
  world.set(kSafety, false);
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].passages == 2);
  CHECK(world.sealed[0].flags.has(Flag::kTailgate));
}

TEST_CASE("walking in by the exit is wrong_way and counts nowhere") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.set(kExit, true);
  world.run(milliseconds{300});
  world.set(kSafety, true);
  world.run(milliseconds{100});
  world.set(kExit, false);
  world.run(milliseconds{300});
  world.set(kApproach, true);
  world.run(milliseconds{50});
  world.set(kSafety, false);
  world.run(milliseconds{300});
  world.set(kApproach, false);
  world.run(std::chrono::seconds{2});
  const auto alarms = world.alarms();
  CHECK(std::count(alarms.begin(), alarms.end(), "wrong_way") == 1);
  CHECK(world.sealed.empty());
}

TEST_CASE(
    "a cart that still stands at the approach after its passage was counted did not leave: its session stays usable") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.set(kSafety, true);
  world.run(milliseconds{300});
  world.set(kExit, true);
  world.run(milliseconds{300});
  world.set(kSafety, false);
  world.run(milliseconds{100});
  world.set(kExit, false);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }, std::chrono::seconds{8}));
  CHECK(world.sealed[0].kind == ReceiptKind::kUnauthorised);
  CHECK(world.sealed[0].flags.has(Flag::kCartStillHere));
  CHECK(world.sealed[0].passages == 1);
  REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, std::chrono::seconds{5}));
}

TEST_CASE("a gate with its own control unit gets one pulse a passage and goes from passing straight to idle") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout, .limits = false, .pulse = true}});
  world.settle();
  world.push(expected(3, 2));
  world.writes.clear();
  world.set(kApproach, true);
  world.run(std::chrono::seconds{1});
  CHECK(world.phase() == Phase::kPassing);
  auto pulses = [&] {
    return std::count_if(world.writes.begin(), world.writes.end(),
                         [](const auto& w) { return w.second.point == kPulse && w.second.energised; });
  };
  CHECK(pulses() == 1);
  world.set(kPassageContact, true);
  world.run(milliseconds{60});
  world.set(kPassageContact, false);
  world.run(milliseconds{300});
  CHECK(pulses() == 2);
  world.set(kApproach, false);
  world.set(kPassageContact, true);
  world.run(milliseconds{60});
  CHECK(world.phase() == Phase::kIdle);
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].passages == 2);
}

TEST_CASE(
    "the next walkout is admitted while the lane is still open, with a receipt of their own and no closing between") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3));
  world.push(expected(4));
  world.opens_for_whoever_comes();
  world.walk_through();
  world.set(kApproach, true);
  world.run(milliseconds{300});
  CHECK(world.sealed.size() == 1);
  CHECK(world.phase() == Phase::kPassing);
  CHECK(world.barrier_commanded_open());
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 2);
  CHECK(world.sealed[0].session_id == session(3));
  CHECK(world.sealed[1].session_id == session(4));
}

TEST_CASE("a single session is not admitted at two lanes at once") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}, LaneOptions{.mode = LaneMode::kWalkout}});
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent) return admit_answer(5);
    return std::nullopt;
  };
  world.settle();
  world.set(kApproach, true);
  world.set(kApproach2, true);
  world.run(milliseconds{200});
  CHECK(world.barrier_commanded_open(0) != world.barrier_commanded_open(1));
}

TEST_CASE("a faulty disk keeps receipts in order in memory and writes them when it heals") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.disk_fails("storage_io");
  world.push(expected(3));
  world.opens_for_whoever_comes();
  world.walk_through();
  world.settle();
  CHECK(world.sealed.empty());
  CHECK(world.has_fault(FaultCode::kReceiptNotDurable));
  world.disk_fails("");
  world.run(std::chrono::seconds{3});
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kPassed);
  CHECK_FALSE(world.has_fault(FaultCode::kReceiptNotDurable));
}

}  // namespace exitgate::test
