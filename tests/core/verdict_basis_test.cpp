// What admits and what refuses: expected walkouts, offline policy, passes, refusals, claims (lane contract §4).
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {

TEST_CASE("an expected walkout that the backend refuses is let go and sealed unauthorised with expected_mismatch") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3));
  world.set(kApproach, true);
  world.run(milliseconds{50});
  REQUIRE(world.barrier_commanded_open());
  REQUIRE(world.asked.size() == 1);
  world.answer(0, Refuse{RefuseReason::kUnknownSession});
  CHECK(world.barrier_commanded_open());
  world.run(milliseconds{700});
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kUnauthorised);
  CHECK(world.sealed[0].flags.has(Flag::kExpectedMismatch));
  CHECK_FALSE(world.sealed[0].basis.has_value());
  CHECK_FALSE(world.sealed[0].session_id.has_value());
}

TEST_CASE("an expected walkout that turns out to be another session moves the receipt and returns the entry") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3));
  world.set(kApproach, true);
  world.run(milliseconds{50});
  world.answer(0, admit_answer(9));
  world.run(milliseconds{700});
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].session_id == session(9));
  CHECK(world.sealed[0].flags.has(Flag::kReassigned));
  world.set(kApproach, true);
  world.run(milliseconds{50});
  CHECK(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.session_id == session(3));
}

TEST_CASE(
    "two who passed as an expected party and turn out to be a session of one: the second was a tailgater (seed 101)") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3, 2));
  world.set(kApproach, true);
  world.run(milliseconds{750});
  world.walk_through();
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.walk_through();
  world.run(milliseconds{300});
  REQUIRE(world.open.begin()->second.passages == 2);
  REQUIRE(world.alarms().empty());
  world.answer(0, admit_answer(9));
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].session_id == session(9));
  CHECK(world.sealed[0].party_size == 1);
  CHECK(world.sealed[0].passages == 2);
  CHECK(world.sealed[0].flags.has(Flag::kReassigned));
  CHECK(world.sealed[0].flags.has(Flag::kTailgate));
  CHECK(world.alarms() == std::vector<std::string>{"tailgate"});
  for (const auto& [id, row] : world.ledger) {
    if (row.session_id == session(9)) CHECK(row.used == 1);
  }
}

TEST_CASE("while the backend is offline a walkout is admitted by policy at once, until the hour's count is full") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.go_offline();
  CHECK(world.has_fault(FaultCode::kBackendOffline));
  int admitted = 0;
  for (int i = 0; i < 62; ++i) {
    world.set(kApproach, true);
    world.run(milliseconds{40});
    if (!world.barrier_commanded_open()) break;
    ++admitted;
    world.run(milliseconds{600});
    world.walk_through();
    world.settle();
  }
  CHECK(admitted == 60);
  CHECK(world.reason() == "see_staff");
  CHECK(world.sealed.front().basis == Basis::kOfflinePolicy);
}

TEST_CASE("carts are not admitted by policy unless the store says so, and a signed pass opens") {
  LaneWorld world;
  world.settle();
  world.go_offline();
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK(world.reason() == "see_staff");
  world.step(pass_of(117, 1, world.now().wall));
  CHECK(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.basis == Basis::kSignedPass);
  CHECK(world.open.begin()->second.pass == Bytes{1, 2, 3});
}

TEST_CASE("a refusal beats closure and pass, a later closure ends it") {
  LaneWorld world;
  world.settle();
  world.push(closure(117, 1, 1));
  world.push(Revocation{.session_id = {}, .session_tag = tag(1)});
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK(world.reason() == "see_staff");
  CHECK_FALSE(world.barrier_commanded_open());
  world.push(closure(117, 1, 1));
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a session claimed by another gate is already_used here until it is unclaimed") {
  LaneWorld world;
  world.settle();
  world.push(closure(117, 1, 1));
  world.push(Claimed{session(1), ShortId::of("back")});
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK(world.reason() == "already_used");
  world.push(Unclaimed{session(1), ShortId::of("back")});
  CHECK(world.barrier_commanded_open());
}

}  // namespace exitgate::test
