// A shopper leaves: the phases of the lane contract, §2, from approach to closed.
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {

TEST_CASE("recovering: a closed and clear lane is idle after the settle time and its barrier is never moved") {
  LaneWorld world;
  world.run(milliseconds{900});
  CHECK(world.phase() == Phase::kRecovering);
  world.settle();
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.sealed.empty());
}

TEST_CASE("recovering: a barrier found open with nobody inside is closed, and its opening has no receipt") {
  LaneWorld world({LaneOptions{}}, {}, true);
  world.settle();
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.sealed.empty());
}

TEST_CASE("recovering: somebody inside a closed barrier is let out with one fault receipt") {
  LaneWorld world;
  world.set(kSafety, true);
  REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, std::chrono::seconds{2}));
  world.run(milliseconds{500});
  world.set(kExit, true);
  world.run(milliseconds{300});
  world.set(kSafety, false);
  world.run(milliseconds{300});
  world.set(kExit, false);
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kFault);
  CHECK(world.sealed[0].passages == 1);
  CHECK(world.sealed[0].outcome == Outcome::kPassed);
}

TEST_CASE("a cart whose closure was pushed ahead opens at once, passes, and its receipt is sealed behind it") {
  LaneWorld world;
  world.settle();
  world.paid_cart_comes_near();
  CHECK(world.phase() == Phase::kIdle);
  world.set(kApproach, true);
  world.run(milliseconds{40});
  CHECK(world.phase() == Phase::kAdmitting);
  CHECK(world.barrier_commanded_open());
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, std::chrono::seconds{2}));
  world.walk_through();
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kClearing || world.phase() == Phase::kClosing; },
                          std::chrono::seconds{4}));
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  const auto& receipt = world.sealed[0];
  CHECK(receipt.kind == ReceiptKind::kCart);
  CHECK(receipt.basis == Basis::kPrefetched);
  CHECK(receipt.outcome == Outcome::kPassed);
  CHECK(receipt.passages == 1);
  CHECK(receipt.cart_id == 117U);
  CHECK(receipt.session_id == session(1));
  CHECK(receipt.total == Money{4599, {'U', 'S', 'D'}});
  CHECK(receipt.flags.empty());
  REQUIRE(world.asked.size() == 1);
  CHECK(world.asked[0].stage == Stage::kAdmitted);
  CHECK(world.ledger.begin()->second.used == 1);
}

TEST_CASE("a cart that is confirmed at the lane opens on the answer and asks nothing more") {
  LaneWorld world;
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent) return admit_answer(2);
    return std::nullopt;
  };
  world.settle();
  world.shopping_cart_steps_up();
  world.run(milliseconds{50});
  CHECK(world.barrier_commanded_open());
  REQUIRE(world.asked.size() == 1);
  CHECK(world.asked[0].stage == Stage::kPresent);
  REQUIRE(world.open.size() == 1);
  CHECK(world.open.begin()->second.basis == Basis::kConfirmed);
}

TEST_CASE("an open session is refused, asked again with growing pauses, and opens when the payment is made") {
  LaneWorld world;
  bool paid = false;
  world.backend = [&](const ConfirmRequest&) -> std::optional<ConfirmAnswer> {
    if (paid) return admit_answer(2);
    return Refuse{RefuseReason::kSessionOpen};
  };
  world.settle();
  world.shopping_cart_steps_up();
  world.run(milliseconds{50});
  CHECK(world.phase() == Phase::kRefused);
  CHECK(world.reason() == "finish_on_cart");
  CHECK(world.coils[kRed]);
  CHECK_FALSE(world.barrier_commanded_open());
  world.run(std::chrono::seconds{8});
  CHECK(world.asked.size() == 4);  // at once, then after 1, 2 and 4 s
  paid = true;
  world.beacon(117, BeaconState::kClosed);
  REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, milliseconds{250}));
}

TEST_CASE("a refused shopper opens at once when the backend pushes the closure") {
  LaneWorld world;
  world.backend = [&](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent) return Refuse{RefuseReason::kSessionOpen};
    return std::nullopt;
  };
  world.settle();
  world.shopping_cart_steps_up();
  world.run(milliseconds{500});
  REQUIRE(world.phase() == Phase::kRefused);
  world.push(closure(117, 1, 1));
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("nobody bound: a cart lane refuses cart_not_recognised after no_beacon_ms") {
  LaneWorld world;
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{2450});
  CHECK(world.phase() == Phase::kPresent);
  world.run(milliseconds{100});
  CHECK(world.phase() == Phase::kRefused);
  CHECK(world.reason() == "cart_not_recognised");
}

TEST_CASE("deciding: the deadline passes with no evidence, the shopper is sent to staff") {
  LaneWorld world;
  world.settle();
  world.shopping_cart_steps_up();
  world.run(milliseconds{700});
  CHECK(world.phase() == Phase::kDeciding);
  world.run(milliseconds{150});
  CHECK(world.phase() == Phase::kRefused);
  CHECK(world.reason() == "see_staff");
}

TEST_CASE("deciding: a late admit opens for the one who still stands there") {
  LaneWorld world;
  world.settle();
  world.shopping_cart_steps_up();
  world.run(milliseconds{950});
  REQUIRE(world.phase() == Phase::kRefused);
  world.answer(0, admit_answer(2));
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a late admit never opens for the next shopper, and the claim is given back") {
  LaneWorld world;
  world.settle();
  world.shopping_cart_steps_up();
  world.run(milliseconds{950});
  world.set(kApproach, false);
  world.run(milliseconds{600});
  world.silence(117);
  world.run(milliseconds{2500});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  world.answer(0, admit_answer(2));
  world.run(kClaimWaits);
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.sessions_given_back() == std::vector{session(2)});
}

TEST_CASE("a shopper who turns back lapses after 3 s, the receipt is not_used and the session usable again") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.set(kApproach, false);
  world.run(milliseconds{2900});
  CHECK(world.phase() == Phase::kPassing);
  world.run(milliseconds{200});
  CHECK(world.phase() == Phase::kClosing);
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  CHECK(world.asked.back().stage == Stage::kLapsed);
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a session that was used opens no second time") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.walk_through();
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{500});
  CHECK(world.phase() == Phase::kRefused);
  CHECK(world.reason() == "already_used");
}

TEST_CASE("a group of three leaves on one walkout session, and the fourth is a tailgate in its receipt") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3, 3));
  world.opens_for_whoever_comes();
  for (int i = 0; i < 3; ++i) {
    world.walk_through();
    world.run(milliseconds{250});
    CHECK(world.phase() == (i < 2 ? Phase::kPassing : Phase::kClearing));
  }
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kWalkout);
  CHECK(world.sealed[0].party_size == 3);
  CHECK(world.sealed[0].passages == 4);
  CHECK(world.sealed[0].flags.has(Flag::kTailgate));
}

TEST_CASE(
    "closing: somebody in the swept area opens it in the same step, and the third time in a minute is a warning") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.walk_through();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(world.run_until([&] { return world.phase() == Phase::kClosing; }, std::chrono::seconds{5}));
    world.run(milliseconds{100});
    world.set(kSafety, true);
    world.run(milliseconds{10});
    CHECK(world.barrier_commanded_open());
    CHECK(world.phase() == Phase::kClearing);
    CHECK(world.has_fault(FaultCode::kObstructed) == (i == 2));
    world.run(milliseconds{500});
    world.set(kSafety, false);
  }
  world.settle();
  CHECK(world.sealed[0].flags.has(Flag::kObstructed));
  world.run(std::chrono::seconds{61});
  CHECK_FALSE(world.has_fault(FaultCode::kObstructed));
}

TEST_CASE(
    "the disk does not answer: the barrier opens all the same after durable_ms with a fault, cleared when it is "
    "written") {
  LaneWorld world;
  world.settle();
  world.paid_cart_comes_near();
  world.disk(false);
  world.set(kApproach, true);
  world.run(milliseconds{150});
  CHECK_FALSE(world.barrier_commanded_open());
  world.run(milliseconds{100});
  CHECK(world.barrier_commanded_open());
  CHECK(world.has_fault(FaultCode::kReceiptNotDurable));
  world.disk(true);
  world.run(milliseconds{50});
  CHECK_FALSE(world.has_fault(FaultCode::kReceiptNotDurable));
  CHECK(world.open.begin()->second.flags.has(Flag::kNotDurable));
}

TEST_CASE("a barrier that does not open is tried twice, then the lane is faulted until a named reset") {
  LaneWorld world;
  world.settle();
  world.paid_cart_comes_near();
  world.barrier_jammed = true;
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kFaulted; }, std::chrono::seconds{5}));
  CHECK(world.has_fault(FaultCode::kBarrierStuckClosed));
  REQUIRE_FALSE(world.sealed.empty());
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  world.barrier_jammed = false;
  world.set(kApproach, false);
  world.run(std::chrono::seconds{10});
  CHECK(world.phase() == Phase::kFaulted);
  CHECK(world.command(StaffVerb::kReset).has_value());
  world.settle();
}

TEST_CASE("a barrier that does not close is tried four times, then the lane is faulted open") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  world.walk_through();
  world.barrier_jammed = true;
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kFaulted; }, std::chrono::seconds{60}));
  CHECK(world.has_fault(FaultCode::kBarrierStuckOpen));
  CHECK(world.barrier_commanded_open());
}

}  // namespace exitgate::test
