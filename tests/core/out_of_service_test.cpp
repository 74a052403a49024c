// Out of service: those inside are let out, everything that was admitted is sealed (lane contract §2, receipts).
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

LaneWorld pulse_gate() { return LaneWorld({LaneOptions{.mode = LaneMode::kWalkout, .limits = false, .pulse = true}}); }

/// Staff open for somebody, who is about to step through when the lane is taken out of service.
void admitted_before_it(LaneWorld& world) {
  world.settle();
  CHECK(world.command(StaffVerb::kOpen).has_value());
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, std::chrono::seconds{1}));
  CHECK(world.command(StaffVerb::kOutOfService).has_value());
  CHECK(world.phase() == Phase::kOutOfService);
}

}  // namespace

TEST_CASE("out of service: who was admitted at a gate with its own unit goes through, and is sealed as passed") {
  auto world = pulse_gate();
  admitted_before_it(world);
  world.set(kPassageContact, true);
  world.run(milliseconds{60});
  world.set(kPassageContact, false);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }, std::chrono::seconds{5}));
  CHECK(world.sealed[0].outcome == Outcome::kPassed);
  CHECK(world.sealed[0].passages == 1);
  // Whoever follows has nobody's receipt.
  world.run(std::chrono::seconds{1});
  world.set(kPassageContact, true);
  world.run(milliseconds{60});
  world.set(kPassageContact, false);
  REQUIRE(world.run_until([&] { return world.sealed.size() == 2; }, std::chrono::seconds{5}));
  CHECK(world.sealed[1].kind == ReceiptKind::kUnauthorised);
  CHECK(world.phase() == Phase::kOutOfService);
}

TEST_CASE("out of service: who was admitted at a gate with its own unit and turns back is sealed as not used") {
  auto world = pulse_gate();
  admitted_before_it(world);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }, std::chrono::seconds{20}));
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  CHECK(world.open.empty());
}

TEST_CASE("out of service: an exit that is judged for its cart being there still is sealed within 3 s") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  // Pusher and cart go out; the approach stays blocked, and the cart is heard as before.
  world.set(kSafety, true);
  world.run(milliseconds{200});
  world.set(kExit, true);
  world.run(milliseconds{200});
  world.set(kSafety, false);
  world.run(milliseconds{200});
  world.set(kExit, false);
  REQUIRE(world.run_until([&] { return !world.barrier_commanded_open(); }, std::chrono::seconds{8}));
  CHECK(world.sealed.empty());
  CHECK(world.command(StaffVerb::kOutOfService).has_value());
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }, std::chrono::seconds{4}));
  CHECK(world.open.empty());
  CHECK(world.phase() == Phase::kOutOfService);
}

TEST_CASE(
    "out of service, while somebody admitted behind a closing barrier waits for the disk: it re-opens for who steps "
    "under it") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.travel_ms = 2000;
  world.settle();
  CHECK(world.command(StaffVerb::kOpen).has_value());
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, std::chrono::seconds{5}));
  world.walk_through();
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kClosing; }, std::chrono::seconds{10}));
  world.run(milliseconds{200});
  world.disk(false);
  CHECK(world.command(StaffVerb::kOpen).has_value());
  world.run(milliseconds{20});
  REQUIRE(world.phase() == Phase::kAdmitting);
  REQUIRE_FALSE(world.barrier_commanded_open());
  CHECK(world.command(StaffVerb::kOutOfService).has_value());
  REQUIRE(world.phase() == Phase::kOutOfService);
  world.set(kSafety, true);
  world.run(milliseconds{20});
  CHECK(world.barrier_commanded_open());
  world.disk(true);
  world.set(kSafety, false);
  REQUIRE(
      world.run_until([&] { return !world.barrier_commanded_open() && world.open.empty(); }, std::chrono::seconds{20}));
}

}  // namespace exitgate::test
