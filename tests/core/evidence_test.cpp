// Evidence that stands against each other: refusals, passes, claims, late answers, expected walkouts, parties in two
// lanes (lane contract §3–5, backend contract "confirm").
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

std::size_t count_stage(const LaneWorld& world, Stage stage) {
  return static_cast<std::size_t>(
      std::count_if(world.asked.begin(), world.asked.end(), [&](const auto& r) { return r.stage == stage; }));
}
constexpr PointId kLane2 = kPointsPerLane;

}  // namespace

TEST_CASE("a refusal is not forgotten with the presence: a pass signed before it opens nothing while offline") {
  LaneWorld world;
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent) return Refuse{RefuseReason::kPaymentFailed};
    return std::nullopt;
  };
  world.settle();
  world.shopping_cart_steps_up();
  world.run(milliseconds{100});
  REQUIRE(world.reason() == "payment_failed");
  world.set(kApproach, false);
  world.run(milliseconds{800});
  world.backend = nullptr;
  world.go_offline();
  world.step(pass_of(117, 1, world.now().wall - std::chrono::minutes{5}));
  world.set(kApproach, true);
  world.run(std::chrono::seconds{2});
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.reason() == "payment_failed");
  // One the backend signed since is newer than its refusal.
  world.step(pass_of(117, 1, world.now().wall));
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a question asked again that gets no answer leaves the refusal standing") {
  LaneWorld world;
  bool silent = false;
  world.backend = [&](const ConfirmRequest&) -> std::optional<ConfirmAnswer> {
    if (silent) return NoAnswer{NoAnswerCause::kTransport, "scripted"};
    return Refuse{RefuseReason::kInspection};
  };
  world.settle();
  world.step(pass_of(117, 1, world.now().wall - std::chrono::minutes{5}));
  world.shopping_cart_steps_up();
  world.run(milliseconds{100});
  REQUIRE(world.phase() == Phase::kRefused);
  silent = true;
  world.run(std::chrono::seconds{20});
  CHECK_FALSE(world.barrier_commanded_open());
}

TEST_CASE("unknown_session does not beat a valid pass, and the receipt says backend_unaware") {
  LaneWorld world;
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent) return Refuse{RefuseReason::kUnknownSession};
    return std::nullopt;
  };
  world.settle();
  world.beacon(117, BeaconState::kShopping);
  world.run(milliseconds{600});
  world.step(pass_of(117, 1, world.now().wall - std::chrono::minutes{5}));
  world.set(kApproach, true);
  world.run(milliseconds{100});
  REQUIRE(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.basis == Basis::kSignedPass);
  CHECK(world.open.begin()->second.flags.has(Flag::kBackendUnaware));
}

TEST_CASE("offline: the question is sent all the same, and a late admit for one who has left gives no claim back") {
  LaneWorld world;
  world.settle();
  world.go_offline();
  world.beacon(117, BeaconState::kShopping);
  world.run(milliseconds{600});
  world.step(pass_of(117, 1, world.now().wall - std::chrono::minutes{5}));
  world.set(kApproach, true);
  world.run(milliseconds{50});
  REQUIRE(world.barrier_commanded_open());
  REQUIRE(count_stage(world, Stage::kPresent) == 1);
  REQUIRE(count_stage(world, Stage::kAdmitted) == 1);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }));
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kPassed);
  world.answer(0, admit_answer(1));
  CHECK(count_stage(world, Stage::kLapsed) == 0);
}

TEST_CASE("an admit for the first time a cart stood here gives no claim back while it stands here again") {
  for (const bool answered : {true, false}) {
    LaneWorld world;
    world.settle();
    world.shopping_cart_steps_up();
    world.run(milliseconds{100});
    world.set(kApproach, false);
    world.run(milliseconds{600});
    world.set(kApproach, true);
    world.run(milliseconds{100});
    REQUIRE(world.asked.size() == 2);
    world.answer(0, admit_answer(2));
    CHECK(count_stage(world, Stage::kLapsed) == 0);
    CHECK_FALSE(world.barrier_commanded_open());  // of another presence: it opens nothing
    if (answered) {
      world.answer(1, admit_answer(2));
      CHECK(world.barrier_commanded_open());
      world.run(kClaimWaits);
      CHECK(count_stage(world, Stage::kLapsed) == 0);
    } else {
      // The second question stays without answer, and they go: what the first has claimed is given back.
      world.go_away();
      world.run(kClaimWaits);
      CHECK(world.sessions_given_back() == std::vector{session(2)});
    }
  }
}

TEST_CASE("a walkout let in by policy who did not pass: the admit that comes late is given back once") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.go_offline();
  world.set(kApproach, true);
  world.run(milliseconds{50});
  REQUIRE(world.barrier_commanded_open());
  world.set(kApproach, false);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }));
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  REQUIRE(world.asked[0].stage == Stage::kPresent);
  world.answer(0, admit_answer(9));
  world.run(kClaimWaits);
  CHECK(world.sessions_given_back() == std::vector{session(9)});
}

TEST_CASE("a used session that is shown again keeps its claim: its answer is not given back") {
  LaneWorld world;
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent) return admit_answer(1);
    return std::nullopt;
  };
  world.settle();
  world.beacon(117, BeaconState::kShopping);
  world.run(milliseconds{600});
  world.opens_for_whoever_comes();
  world.walk_through();
  world.settle();
  world.set(kApproach, true);
  world.run(std::chrono::seconds{4});
  CHECK(world.reason() == "already_used");
  world.set(kApproach, false);
  world.run(std::chrono::seconds{1});
  CHECK(count_stage(world, Stage::kLapsed) == 0);
}

TEST_CASE("two of a party leave by two lanes at once, and neither is a tailgate") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}, LaneOptions{.mode = LaneMode::kWalkout}});
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent) return admit_answer(5, 2);
    return std::nullopt;
  };
  world.settle();
  world.settle(1);
  world.set(kApproach, true);
  world.set(kApproach + kLane2, true);
  REQUIRE(world.run_until([&] { return world.phase(0) == Phase::kPassing && world.phase(1) == Phase::kPassing; }));
  world.walk_through(0);
  world.walk_through(1);
  world.run(std::chrono::seconds{12});
  REQUIRE(world.sealed.size() == 2);
  for (const auto& receipt : world.sealed) {
    CHECK(receipt.passages == 1);
    CHECK(receipt.flags.empty());
  }
  CHECK(world.ledger.begin()->second.used == 2);
}

TEST_CASE("an entry that returns is good for what was left of its ten seconds") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3));
  world.run(std::chrono::seconds{8});
  world.set(kApproach, true);
  world.run(milliseconds{50});
  REQUIRE(world.barrier_commanded_open());
  world.answer(0, admit_answer(9));
  CHECK(world.open.begin()->second.session_id == session(9));
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }));
  world.walk_through();
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK_FALSE(world.barrier_commanded_open());
}

TEST_CASE("an entry found at the start is not good for longer than it was") {
  LoadedState loaded;
  auto old = expected(3);
  old.at = old.at - std::chrono::minutes{10};
  loaded.expected.push_back(old);
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}}, loaded);
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK_FALSE(world.barrier_commanded_open());
}

TEST_CASE("a cart that needs assistance is told once by event and buzzer, also one that was refused before") {
  LaneWorld world;
  world.backend = [](const ConfirmRequest&) -> std::optional<ConfirmAnswer> {
    return Refuse{RefuseReason::kSessionOpen};
  };
  world.settle();
  world.shopping_cart_steps_up();
  world.run(std::chrono::seconds{2});
  REQUIRE(world.reason() == "finish_on_cart");
  REQUIRE_FALSE(world.coils[kBuzzer]);
  world.beacon(117, BeaconState::kNeedsAssistance);
  world.run(milliseconds{200});
  CHECK(world.reason() == "see_staff");
  CHECK(world.coils[kBuzzer]);
  world.run(std::chrono::seconds{5});
  const auto alarms = world.alarms();
  CHECK(std::count(alarms.begin(), alarms.end(), "needs_assistance") == 1);
}

TEST_CASE("a staff opening with a passage that a kill left open makes its session used") {
  LoadedState loaded;
  auto receipt = interrupted_receipt(ReceiptKind::kStaff, Basis::kStaff);
  receipt.passages = 1;
  loaded.open_receipts.push_back(receipt);
  LaneWorld world({LaneOptions{}}, loaded);
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kUnknown);
  world.paid_cart_comes_near();
  world.set(kApproach, true);
  world.run(milliseconds{200});
  CHECK(world.reason() == "already_used");
}

TEST_CASE("walking in by the exit right behind somebody who left with both eyes blocked is wrong_way, not a tailgate") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3));
  world.opens_for_whoever_comes();
  world.walk_through();
  world.run(milliseconds{250});
  // The barrier is open still.
  world.set(kExit, true);
  world.run(milliseconds{200});
  world.set(kSafety, true);
  world.run(milliseconds{100});
  world.set(kExit, false);
  world.run(milliseconds{400});
  world.set(kSafety, false);
  world.run(milliseconds{200});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  world.set(kApproach, false);
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].passages == 1);
  CHECK_FALSE(world.sealed[0].flags.has(Flag::kTailgate));
  CHECK(world.sealed[0].flags.has(Flag::kWrongWay));
  const auto alarms = world.alarms();
  CHECK(std::count(alarms.begin(), alarms.end(), "wrong_way") == 1);
}

TEST_CASE("somebody who follows out through a gap between the eyes is counted, whoever steps up behind") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.push(expected(3, 2));
  world.opens_for_whoever_comes();
  world.walk_through();
  world.run(milliseconds{250});
  world.set(kSafety, true);
  world.run(milliseconds{200});
  world.set(kSafety, false);
  world.run(milliseconds{100});
  world.set(kExit, true);
  world.run(milliseconds{200});
  world.set(kExit, false);
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].passages == 2);
  CHECK(world.sealed[0].flags.empty());
}

}  // namespace exitgate::test
