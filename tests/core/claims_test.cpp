// Claims of sessions: another gate's that nobody took back, answers that cross each other, and what is given back when
// nobody leaves on it (lane contract §4, backend contract "confirm").
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

using std::chrono::seconds;

constexpr PointId kLane2 = kPointsPerLane;

/// Cart 117 with tag 1 comes to the first lane.
void come(LaneWorld& world, BeaconState state = BeaconState::kShopping) {
  world.beacon(117, state);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.run(milliseconds{100});
}
/// And on to the second, of which it is not at the approach yet.
void walks_on_to_lane_2(LaneWorld& world) {
  world.set(kApproach, false);
  world.silence(117);
  world.beacon(117, BeaconState::kShopping, -50, 1);
}
std::vector<std::size_t> questions(const LaneWorld& world, Stage stage) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < world.asked.size(); ++i) {
    if (world.asked[i].stage == stage) found.push_back(i);
  }
  return found;
}
/// Once what nobody leaves on has been given back.
std::vector<Uuid> given_back(LaneWorld& world) {
  world.run(kClaimWaits);
  return world.sessions_given_back();
}

}  // namespace

TEST_CASE("a claim that nobody took back gives way to the backend's admit for a cart whose closure is known") {
  LaneWorld world;
  world.settle();
  world.push(closure(117, 1, 1));
  world.push(Claimed{session(1), ShortId::of("back")});
  come(world);
  CHECK(world.reason() == "already_used");
  // Asked about at once: the claim may be stale.
  REQUIRE(questions(world, Stage::kPresent).size() == 1);
  CHECK_FALSE(world.barrier_commanded_open());
  SECTION("admitted") {
    world.answer(questions(world, Stage::kPresent).front(), admit_answer(1));
    REQUIRE(world.barrier_commanded_open());
    CHECK(world.open.begin()->second.basis == Basis::kConfirmed);
  }
  SECTION("refused") {
    world.answer(questions(world, Stage::kPresent).front(), Refuse{RefuseReason::kAlreadyUsed});
    world.run(seconds{2});
    CHECK_FALSE(world.barrier_commanded_open());
    CHECK(world.reason() == "already_used");
  }
  SECTION("no answer") {
    world.run(seconds{10});
    CHECK_FALSE(world.barrier_commanded_open());
    CHECK(world.reason() == "already_used");
  }
}

TEST_CASE("an answer ahead that was on its way when another gate claimed the session does not open") {
  LaneWorld world;
  world.settle();
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  REQUIRE(questions(world, Stage::kAhead).size() == 1);
  world.push(Claimed{session(1), ShortId::of("back")});
  world.answer(questions(world, Stage::kAhead).front(), admit_answer(1));
  come(world, BeaconState::kClosed);
  CHECK_FALSE(world.barrier_commanded_open());
  // It is for the backend to say once more, to whoever stands here.
  REQUIRE(questions(world, Stage::kPresent).size() == 1);
  const bool admitted = GENERATE(true, false);
  const auto question = questions(world, Stage::kPresent).front();
  if (admitted) world.answer(question, admit_answer(1));
  if (!admitted) world.answer(question, Refuse{RefuseReason::kAlreadyUsed});
  world.run(milliseconds{100});
  CHECK(world.barrier_commanded_open() == admitted);
}

TEST_CASE("an admit to an earlier question than the one that was refused opens nothing, and is given back") {
  for (const auto mode : {LaneMode::kCart, LaneMode::kWalkout}) {
    INFO(to_string(mode));
    LaneWorld world({LaneOptions{.mode = mode}}, {}, false,
                    [](GateConfig& config) { config.offline.admit_walkouts = false; });
    world.settle();
    come(world);
    world.run(seconds{2});
    const auto asked = questions(world, Stage::kPresent);
    REQUIRE(asked.size() == 2);
    REQUIRE(world.reason() == "see_staff");
    world.answer(asked[1], Refuse{RefuseReason::kPaymentFailed});
    REQUIRE(world.reason() == "payment_failed");
    world.answer(asked[0], admit_answer(1));
    world.run(milliseconds{500});
    CHECK_FALSE(world.barrier_commanded_open());
    CHECK(world.reason() == "payment_failed");
    world.go_away();
    CHECK(given_back(world) == std::vector{session(1)});
    // What the backend said last is known of the cart in the next presence too.
    if (mode == LaneMode::kWalkout) continue;
    world.go_offline();
    come(world);
    CHECK(world.reason() == "payment_failed");
  }
}

TEST_CASE("a refusal to an earlier question than another's refusal does not take its place, and a later admit opens") {
  LaneWorld world;
  world.settle();
  come(world);
  world.run(seconds{5});
  const auto asked = questions(world, Stage::kPresent);
  REQUIRE(asked.size() == 3);
  world.answer(asked[1], Refuse{RefuseReason::kPaymentFailed});
  world.answer(asked[0], Refuse{RefuseReason::kSessionOpen});
  world.run(milliseconds{100});
  CHECK(world.reason() == "payment_failed");
  world.answer(asked[2], admit_answer(1));
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a session revoked by id and tag at once and closed anew since is good after a restart too") {
  const bool joint_row = GENERATE(false, true);  // as an older daemon wrote them
  LoadedState kept;
  const auto wall = LaneWorld().now().wall;
  const Revocation both{.session_id = session(1), .session_tag = tag(1)};
  if (joint_row) kept.revocations.push_back({both, wall + std::chrono::hours{20}});
  LaneWorld world({LaneOptions{}}, kept);
  world.settle();
  if (!joint_row) world.push(both);
  world.push(closure(117, 1, 1));
  // As the disk keeps them: a row for each name, or pair of names.
  for (const auto& transaction : world.persisted) {
    for (const auto& write : transaction) {
      const auto* put = std::get_if<PutRevocation>(&write);
      if (put == nullptr) continue;
      std::erase_if(kept.revocations, [&](const auto& row) {
        return row.revocation.session_id == put->revocation.session_id &&
               row.revocation.session_tag == put->revocation.session_tag;
      });
      if (put->kept_until > wall) kept.revocations.push_back({put->revocation, put->kept_until});
    }
  }
  kept.closures.push_back(closure(117, 1, 1));
  LaneWorld again({LaneOptions{}}, kept);
  again.settle();
  come(again, BeaconState::kClosed);
  CHECK(again.barrier_commanded_open());
}

TEST_CASE("a walkout let out by policy whom a late answer names as a session that has left stays nobody's") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  const auto leave = [&] {
    REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, seconds{3}));
    world.walk_through();
    world.settle();
  };
  world.backend = [](const ConfirmRequest&) { return std::optional<ConfirmAnswer>(admit_answer(1)); };
  world.set(kApproach, true);
  leave();
  world.backend = nullptr;
  world.go_offline();
  world.set(kApproach, true);
  world.run(milliseconds{50});
  REQUIRE(world.barrier_commanded_open());
  world.answer(questions(world, Stage::kPresent).back(), admit_answer(1));
  leave();
  REQUIRE(world.sealed.size() == 2);
  CHECK(world.sealed[0].session_id == session(1));
  CHECK(world.sealed[1].basis == Basis::kOfflinePolicy);
  CHECK(world.sealed[1].outcome == Outcome::kPassed);
  CHECK_FALSE(world.sealed[1].session_id);
  CHECK(given_back(world).empty());
  CHECK_FALSE(world.has_fault(FaultCode::kInvariantViolated));
}

TEST_CASE("a walkout let out on one answer gives back the session that a second answer claimed for the same presence") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}}, {}, false,
                  [](GateConfig& config) { config.offline.admit_walkouts = false; });
  world.settle();
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return questions(world, Stage::kPresent).size() == 2; }, seconds{5}));
  const auto asked = questions(world, Stage::kPresent);
  world.answer(asked[0], admit_answer(1));
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, seconds{3}));
  world.answer(asked[1], admit_answer(2));
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].session_id == session(1));
  CHECK(given_back(world) == std::vector{session(2)});
}

TEST_CASE("the claim of a cart that has walked to the next lane is not given back while it waits there") {
  const bool answered_in_a_dip = GENERATE(false, true);
  const bool opens = GENERATE(false, true);
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  world.settle();
  come(world);
  REQUIRE(questions(world, Stage::kPresent).size() == 1);
  walks_on_to_lane_2(world);
  world.run(milliseconds{200});
  if (answered_in_a_dip) world.answer(questions(world, Stage::kPresent)[0], admit_answer(1));
  world.set(kApproach + kLane2, true);
  REQUIRE(world.run_until([&] { return questions(world, Stage::kPresent).size() == 2; }, seconds{2}));
  world.run(milliseconds{600});
  if (!answered_in_a_dip) world.answer(questions(world, Stage::kPresent)[0], admit_answer(1));
  world.run(milliseconds{50});
  CHECK(world.sessions_given_back().empty());
  if (opens) {
    world.answer(questions(world, Stage::kPresent)[1], admit_answer(1));
    CHECK(world.barrier_commanded_open(1));
    CHECK(given_back(world).empty());
    return;
  }
  // Its own question stays without answer, and it goes: what the first has claimed is given back.
  world.set(kApproach + kLane2, false);
  world.run(milliseconds{700});
  CHECK(given_back(world) == std::vector{session(1)});
}

TEST_CASE("the claim of a cart is not given back while the approach of the next lane, where it stands now, dips") {
  const bool opens = GENERATE(false, true);
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  world.settle();
  come(world);
  walks_on_to_lane_2(world);
  world.run(seconds{2});
  world.set(kApproach + kLane2, true);
  REQUIRE(world.run_until([&] { return questions(world, Stage::kPresent).size() == 2; }, seconds{2}));
  world.set(kApproach + kLane2, false);
  world.run(milliseconds{100});
  world.answer(questions(world, Stage::kPresent)[0], admit_answer(1));
  world.run(milliseconds{100});
  world.set(kApproach + kLane2, opens);
  world.run(milliseconds{100});
  if (opens) world.answer(questions(world, Stage::kPresent)[1], admit_answer(1));
  CHECK(world.barrier_commanded_open(1) == opens);
  CHECK(world.sessions_given_back().empty());
  world.run(seconds{3});
  CHECK(given_back(world) == (opens ? std::vector<Uuid>{} : std::vector{session(1)}));
}

TEST_CASE("the claim of a cart on its way from lane to lane is given back only when it comes to none") {
  const bool comes = GENERATE(false, true);
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  world.settle();
  come(world);
  walks_on_to_lane_2(world);
  world.run(milliseconds{100});
  world.answer(questions(world, Stage::kPresent)[0], admit_answer(1));
  world.run(milliseconds{600});
  // Given back now, it could reach the backend behind the next lane's question.
  CHECK(world.sessions_given_back().empty());
  world.set(kApproach + kLane2, comes);
  world.run(milliseconds{400});
  if (comes) world.answer(questions(world, Stage::kPresent).at(1), admit_answer(1));
  world.run(seconds{1});
  CHECK(world.barrier_commanded_open(1) == comes);
  CHECK(given_back(world) == (comes ? std::vector<Uuid>{} : std::vector{session(1)}));
}

TEST_CASE("one of a party turns back while another leaves by the next lane: the claim is the other's") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}, LaneOptions{.mode = LaneMode::kWalkout}});
  world.backend = [](const ConfirmRequest& request) -> std::optional<ConfirmAnswer> {
    if (request.stage == Stage::kPresent) return admit_answer(5, 2);
    return std::nullopt;
  };
  world.settle();
  world.set(kApproach, true);
  world.set(kApproach + kLane2, true);
  REQUIRE(world.run_until([&] { return world.phase(0) == Phase::kPassing && world.phase(1) == Phase::kPassing; }));
  world.set(kApproach, false);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }));
  CHECK(world.sealed[0].outcome == Outcome::kNotUsed);
  CHECK(given_back(world).empty());
  world.set(kApproach + kLane2, false);
  REQUIRE(world.run_until([&] { return world.sealed.size() == 2; }));
  CHECK(given_back(world) == std::vector{session(5)});
}

TEST_CASE("a late admit of an admission that was not used is given back, whichever question it answers") {
  LaneWorld world;
  world.settle();
  world.step(pass_of(117, 1, world.now().wall));
  come(world);
  world.run(seconds{1});
  REQUIRE(world.open.begin()->second.basis == Basis::kSignedPass);
  world.set(kApproach, false);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }));
  REQUIRE(world.sealed[0].outcome == Outcome::kNotUsed);
  CHECK(given_back(world) == std::vector{session(1)});
  const auto stage = GENERATE(Stage::kPresent, Stage::kAdmitted);
  REQUIRE(questions(world, stage).size() == 1);
  const bool back_again = GENERATE(false, true);
  if (back_again) {
    // Let in once more, on the pass: the claim is theirs now.
    world.settle();
    come(world);
    world.run(seconds{1});
    REQUIRE(world.barrier_commanded_open());
  }
  world.answer(questions(world, stage).front(), admit_answer(1));
  CHECK(given_back(world).size() == (back_again ? 1 : 2));
}

TEST_CASE("an admit that comes while staff let its shopper out is given back if they turn back") {
  const bool passes = GENERATE(false, true);
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.set(kApproach, true);
  world.run(milliseconds{100});
  REQUIRE(world.command(StaffVerb::kOpen));
  world.answer(questions(world, Stage::kPresent).front(), admit_answer(9));
  CHECK(world.sessions_given_back().empty());
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }));
  if (passes) world.walk_through();
  if (!passes) world.set(kApproach, false);
  REQUIRE(world.run_until([&] { return !world.sealed.empty(); }));
  CHECK(world.sealed[0].kind == ReceiptKind::kStaff);
  CHECK(given_back(world) == (passes ? std::vector<Uuid>{} : std::vector{session(9)}));
}

}  // namespace exitgate::test
