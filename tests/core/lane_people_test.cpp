// Carts, people and evidence: binding, ambiguity, walkouts, offline policy, passages (lane contract §3–5).
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

void settle(LaneWorld& world, std::size_t lane = 0) {
  REQUIRE(world.run_until([&] { return world.phase(lane) == Phase::kIdle; }, std::chrono::seconds{10}));
}
constexpr std::size_t kSecond = 1;
constexpr PointId kApproach2 = kApproach + kPointsPerLane;

}  // namespace

TEST_CASE("a cart heard stronger at the neighbour binds there and not here") {
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  settle(world);
  settle(world, kSecond);
  world.push(closure(117, 1, 1));
  world.beacon(117, BeaconState::kClosed, -68, 0);
  world.beacon(117, BeaconState::kClosed, -60, 1);
  world.run(std::chrono::seconds{1});
  world.set(kApproach, true);
  world.set(kApproach2, true);
  world.run(milliseconds{100});
  CHECK_FALSE(world.barrier_commanded_open(0));
  CHECK(world.barrier_commanded_open(1));
}

TEST_CASE("two carts without a margin, both closed: the stronger is admitted and the receipt says ambiguous_cart") {
  LaneWorld world;
  settle(world);
  world.push(closure(117, 1, 1));
  world.push(closure(118, 2, 2));
  world.beacon(117, BeaconState::kClosed, -60, 0, 1);
  world.beacon(118, BeaconState::kClosed, -61, 0, 2);
  world.run(std::chrono::seconds{1});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  REQUIRE(world.open.size() == 1);
  CHECK(world.open.begin()->second.cart_id == 117U);
  CHECK(world.open.begin()->second.flags.has(Flag::kAmbiguousCart));
}

TEST_CASE(
    "two carts without a margin, one not closed: after ambiguity_ms the shopper is sent to staff, and a margin ends "
    "it") {
  LaneWorld world;
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.cart_id == 118U) return Refuse{RefuseReason::kSessionOpen};
    return std::nullopt;
  };
  settle(world);
  world.push(closure(117, 1, 1));
  world.beacon(117, BeaconState::kClosed, -60, 0, 1);
  world.beacon(118, BeaconState::kShopping, -61, 0, 2);
  world.run(std::chrono::seconds{1});
  world.set(kApproach, true);
  world.run(milliseconds{1900});
  CHECK(world.phase() == Phase::kPresent);
  world.run(milliseconds{200});
  CHECK(world.phase() == Phase::kRefused);
  CHECK(world.reason() == "see_staff");
  world.beacon(118, BeaconState::kShopping, -74, 0, 2);
  REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, std::chrono::seconds{3}));
}

TEST_CASE("an idle cart alone is sent to staff, and next to a paid one it does not count") {
  LaneWorld world;
  settle(world);
  world.beacon(200, BeaconState::kIdle, -58, 0, 0);
  world.run(std::chrono::seconds{1});
  world.set(kApproach, true);
  world.run(milliseconds{300});
  CHECK(world.phase() == Phase::kRefused);
  CHECK(world.reason() == "see_staff");
  world.push(closure(117, 1, 1));
  world.beacon(117, BeaconState::kClosed, -60, 0, 1);
  REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, std::chrono::seconds{2}));
  CHECK(world.open.begin()->second.cart_id == 117U);
}

TEST_CASE("a mixed lane takes a bound cart, and without one a walkout after bind_wait_ms") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent && !r.cart) return admit_answer(7);
    return std::nullopt;
  };
  settle(world);
  world.set(kApproach, true);
  world.run(milliseconds{350});
  CHECK(world.phase() == Phase::kPresent);
  world.run(milliseconds{150});
  CHECK(world.barrier_commanded_open());
  REQUIRE(world.open.size() == 1);
  CHECK(world.open.begin()->second.kind == ReceiptKind::kWalkout);
}

TEST_CASE("a mixed lane that hears a cart nearby waits for it longer before it takes a walkout") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
  settle(world);
  world.beacon(117, BeaconState::kShopping, -80);
  world.run(std::chrono::seconds{1});
  world.set(kApproach, true);
  world.run(milliseconds{2300});
  CHECK(world.phase() == Phase::kPresent);
  world.run(milliseconds{400});
  CHECK(world.phase() == Phase::kDeciding);
}

TEST_CASE("a mixed lane sends a cart whose clock is wrong to staff, never through as a walkout") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
  world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent && !r.cart) return admit_answer(7);
    return std::nullopt;
  };
  settle(world);
  world.mistimed(117, BeaconState::kClosed, -60);
  world.run(milliseconds{500});
  world.set(kApproach, true);
  world.run(milliseconds{2400});
  CHECK(world.phase() == Phase::kPresent);
  world.run(milliseconds{200});
  CHECK(world.phase() == Phase::kRefused);
  CHECK(world.reason() == "cart_not_recognised");
  world.step(CartClockNotice{.cart_id = 117, .receivers = {1}});
  CHECK(world.reason() == "see_staff");
  world.run(std::chrono::seconds{10});
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.asked.empty());
  // Somebody else, once the cart is gone.
  world.silence(117);
  world.step(CartClockNotice{.cart_id = 117, .receivers = {1}, .suspect = false});
  REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, std::chrono::seconds{4}));
  CHECK(world.open.begin()->second.kind == ReceiptKind::kWalkout);
}

TEST_CASE(
    "a mixed lane lets walkouts out beside carts with a wrong clock that are idle, far, parked, or heard rightly") {
  struct Case {
    BeaconState state;
    int rssi_dbm;
    std::uint8_t tag;
    Duration before;
    bool right_too;
  };
  for (const auto& c : {Case{BeaconState::kIdle, -60, 0, std::chrono::seconds{1}, false},
                        Case{BeaconState::kShopping, -80, 1, std::chrono::seconds{1}, false},
                        Case{BeaconState::kShopping, -60, 1, std::chrono::seconds{65}, false},
                        Case{BeaconState::kShopping, -60, 1, std::chrono::seconds{1}, true}}) {
    INFO(c.rssi_dbm << " dBm for " << c.before.count() << " us, tag " << int{c.tag} << ", right " << c.right_too);
    LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
    world.backend = [](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
      if (r.stage == Stage::kPresent && !r.cart) return admit_answer(7);
      return std::nullopt;
    };
    settle(world);
    world.mistimed(117, c.state, c.rssi_dbm, c.tag);
    if (c.right_too) world.beacon(117, c.state, -90, 0, c.tag);
    world.run(c.before);
    world.set(kApproach, true);
    REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, milliseconds{3000}));
    CHECK(world.open.begin()->second.kind == ReceiptKind::kWalkout);
  }
}

TEST_CASE("an expected walkout that the backend refuses is let go and sealed unauthorised with expected_mismatch") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  settle(world);
  world.push(expected(3));
  world.set(kApproach, true);
  world.run(milliseconds{50});
  REQUIRE(world.barrier_commanded_open());
  REQUIRE(world.asked.size() == 1);
  world.answer(0, Refuse{RefuseReason::kUnknownSession});
  CHECK(world.barrier_commanded_open());
  world.run(milliseconds{700});
  world.walk_through();
  settle(world);
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].kind == ReceiptKind::kUnauthorised);
  CHECK(world.sealed[0].flags.has(Flag::kExpectedMismatch));
  CHECK_FALSE(world.sealed[0].basis.has_value());
  CHECK_FALSE(world.sealed[0].session_id.has_value());
}

TEST_CASE("an expected walkout that turns out to be another session moves the receipt and returns the entry") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  settle(world);
  world.push(expected(3));
  world.set(kApproach, true);
  world.run(milliseconds{50});
  world.answer(0, admit_answer(9));
  world.run(milliseconds{700});
  world.walk_through();
  settle(world);
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].session_id == session(9));
  CHECK(world.sealed[0].flags.has(Flag::kReassigned));
  world.set(kApproach, true);
  world.run(milliseconds{50});
  CHECK(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.session_id == session(3));
}

TEST_CASE("while the backend is offline a walkout is admitted by policy at once, until the hour's count is full") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  settle(world);
  world.step(BackendConnected{false, "cable"});
  world.run(std::chrono::seconds{6});
  CHECK(world.has_fault(FaultCode::kBackendOffline));
  int admitted = 0;
  for (int i = 0; i < 62; ++i) {
    world.set(kApproach, true);
    world.run(milliseconds{40});
    if (!world.barrier_commanded_open()) break;
    ++admitted;
    world.run(milliseconds{600});
    world.walk_through();
    settle(world);
  }
  CHECK(admitted == 60);
  CHECK(world.reason() == "see_staff");
  CHECK(world.sealed.front().basis == Basis::kOfflinePolicy);
}

TEST_CASE("carts are not admitted by policy unless the store says so, and a signed pass opens") {
  LaneWorld world;
  settle(world);
  world.step(BackendConnected{false, "cable"});
  world.run(std::chrono::seconds{6});
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK(world.reason() == "see_staff");
  PassHeard pass{.cart_id = 117,
                 .session_tag = tag(1),
                 .session_id = session(1),
                 .closed_at = world.now().wall,
                 .expires_at = world.now().wall + std::chrono::hours{1},
                 .party_size = 1,
                 .total = {},
                 .raw = {1, 2, 3}};
  world.step(pass);
  CHECK(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.basis == Basis::kSignedPass);
  CHECK(world.open.begin()->second.pass == Bytes{1, 2, 3});
}

TEST_CASE("a refusal beats closure and pass, a later closure ends it") {
  LaneWorld world;
  settle(world);
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
  settle(world);
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

TEST_CASE("cart and pusher are one passage, a third blockage is another") {
  LaneWorld world;
  settle(world);
  world.push(closure(117, 1, 1));
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, std::chrono::seconds{2}));
  world.set(kSafety, true);
  world.set(kApproach, false);
  for (int blockage = 0; blockage < 3; ++blockage) {
    world.set(kExit, true);
    world.run(milliseconds{300});
    world.set(kExit, false);
    world.run(milliseconds{400});
  }
  world.set(kSafety, false);
  settle(world);
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].passages == 2);
  CHECK(world.sealed[0].flags.has(Flag::kTailgate));
}

TEST_CASE("walking in by the exit is wrong_way and counts nowhere") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  settle(world);
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
  settle(world);
  world.push(closure(117, 1, 1));
  world.beacon(117, BeaconState::kClosed);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, std::chrono::seconds{2}));
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
  settle(world);
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
  settle(world);
  world.push(expected(3));
  world.push(expected(4));
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, std::chrono::seconds{2}));
  world.walk_through();
  world.set(kApproach, true);
  world.run(milliseconds{300});
  CHECK(world.sealed.size() == 1);
  CHECK(world.phase() == Phase::kPassing);
  CHECK(world.barrier_commanded_open());
  world.walk_through();
  settle(world);
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
  settle(world);
  world.set(kApproach, true);
  world.set(kApproach2, true);
  world.run(milliseconds{200});
  CHECK(world.barrier_commanded_open(0) != world.barrier_commanded_open(1));
}

TEST_CASE("a faulty disk keeps receipts in order in memory and writes them when it heals") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  settle(world);
  world.disk_fails("storage_io");
  world.push(expected(3));
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kPassing; }, std::chrono::seconds{2}));
  world.walk_through();
  settle(world);
  CHECK(world.sealed.empty());
  CHECK(world.has_fault(FaultCode::kReceiptNotDurable));
  world.disk_fails("");
  world.run(std::chrono::seconds{3});
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].outcome == Outcome::kPassed);
  CHECK_FALSE(world.has_fault(FaultCode::kReceiptNotDurable));
}

}  // namespace exitgate::test
