// Which cart is in which lane, and when a mixed lane takes a walkout (lane contract §2–3).
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

void cart_117_is_refused(LaneWorld& world) {
  world.settle();
  world.beacon(117, BeaconState::kShopping);
  world.run(std::chrono::seconds{1});
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kRefused; }, std::chrono::seconds{3}));
}
constexpr std::size_t kSecond = 1;
constexpr PointId kApproach2 = kApproach + kPointsPerLane;
constexpr PointId kSafety2 = kSafety + kPointsPerLane;

}  // namespace

TEST_CASE("a cart heard stronger at the neighbour binds there and not here") {
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  world.settle();
  world.settle(kSecond);
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

TEST_CASE("a cart whose lane's approach dips is not taken for that of whoever stands at the next lane") {
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  world.settle();
  world.set(kApproach2, true);
  world.shopping_cart_steps_up();
  world.beacon(117, BeaconState::kShopping, -65, 1);
  world.run(std::chrono::seconds{3});
  REQUIRE(world.asked.front().lane_id == ShortId::of("1"));
  REQUIRE(world.reason(kSecond) == "cart_not_recognised");
  world.set(kApproach, false);
  world.run(milliseconds{450});
  world.push(closure(117, 1, 1));
  world.set(kApproach, true);
  world.run(milliseconds{100});
  CHECK(world.barrier_commanded_open());
  CHECK_FALSE(world.barrier_commanded_open(kSecond));
}

TEST_CASE("two carts without a margin, both closed: the stronger is admitted and the receipt says ambiguous_cart") {
  LaneWorld world;
  world.settle();
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
  world.settle();
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

TEST_CASE(
    "a mixed lane: an answer about a cart that has gone does not open for whoever followed it closely with another") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
  std::optional<ConfirmAnswer> about_117 = Refuse{RefuseReason::kSessionOpen};
  world.backend = [&](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.cart_id == 117U) return about_117;
    return Refuse{RefuseReason::kUnknownSession};
  };
  cart_117_is_refused(world);
  // Its shopper goes and pays at a till; the idle cart of the next one has kept the eye blocked.
  world.silence(117);
  world.beacon(118, BeaconState::kIdle, -60, 0, 2);
  world.run(std::chrono::seconds{6});
  about_117 = admit_answer(1);
  world.run(std::chrono::seconds{15});
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.phase() == Phase::kRefused);
}

TEST_CASE("a closure does not open for whoever took a cart's place behind an eye that never cleared (seed 314)") {
  enum class Gone { kSilent, kFarAway, kAtAnotherLane };
  for (const auto gone : {Gone::kSilent, Gone::kFarAway, Gone::kAtAnotherLane}) {
    for (const auto mode : {LaneMode::kMixed, LaneMode::kCart}) {
      LaneWorld world({LaneOptions{.mode = mode}, LaneOptions{}});
      world.backend = [](const ConfirmRequest&) { return Refuse{RefuseReason::kSessionOpen}; };
      cart_117_is_refused(world);
      world.silence(117);
      if (gone == Gone::kFarAway) world.beacon(117, BeaconState::kShopping, -90);
      if (gone == Gone::kAtAnotherLane) {
        world.beacon(117, BeaconState::kShopping, -70);
        world.beacon(117, BeaconState::kShopping, -55, 1);
        world.set(kApproach + kPointsPerLane, true);
      }
      world.run(std::chrono::seconds{gone == Gone::kSilent ? 13 : 8});
      world.push(closure(117, 1, 1));
      world.run(std::chrono::seconds{1});
      INFO("gone " << static_cast<int>(gone) << ", mode " << static_cast<int>(mode));
      CHECK_FALSE(world.barrier_commanded_open(0));
      CHECK(world.barrier_commanded_open(1) == (gone == Gone::kAtAnotherLane));
    }
  }
}

TEST_CASE(
    "two lanes that share a receiver, both approaches blocked at once: one of them opens for a cart (seed 1010)") {
  LaneWorld world({LaneOptions{}, LaneOptions{}}, {}, false,
                  [](GateConfig& config) { config.lanes[1].receiver = config.lanes[0].receiver; });
  world.settle();
  world.paid_cart_comes_near(2);
  world.set(kApproach, true);
  world.set(kApproach2, true);
  world.run(std::chrono::seconds{1});
  CHECK(world.barrier_commanded_open(0) != world.barrier_commanded_open(kSecond));
}

TEST_CASE("two lanes that share a receiver: the cart of whoever stands behind an exit in clearing is no other lane's") {
  LaneWorld world({LaneOptions{}, LaneOptions{}}, {}, false,
                  [](GateConfig& config) { config.lanes[1].receiver = config.lanes[0].receiver; });
  world.settle();
  // At the second lane cart 117 goes out, and 118 comes up behind it, not paid yet.
  world.paid_cart_comes_near();
  world.set(kApproach2, true);
  REQUIRE(world.run_until([&] { return world.barrier_commanded_open(kSecond); }, std::chrono::seconds{2}));
  world.run(milliseconds{600});
  world.set(kApproach2, false);
  world.silence(117);
  world.walk_through(kSecond);
  // Something is left under the barrier.
  world.set(kSafety2, true);
  REQUIRE(world.run_until([&] { return world.phase(kSecond) == Phase::kClearing; }, std::chrono::seconds{5}));
  world.beacon(118, BeaconState::kShopping, -60, 0, 2);
  world.run(milliseconds{1200});
  world.set(kApproach2, true);
  world.run(milliseconds{600});
  // Somebody without a cart of their own stands at the first lane.
  world.set(kApproach, true);
  world.run(milliseconds{500});
  world.push(closure(118, 2, 2));
  world.run(std::chrono::seconds{1});
  CHECK_FALSE(world.barrier_commanded_open(0));
}

TEST_CASE("a cart that falls silent at the eye stays bound while its receiver is down") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
  world.backend = [](const ConfirmRequest&) { return Refuse{RefuseReason::kSessionOpen}; };
  cart_117_is_refused(world);
  world.silence(117);
  world.step(DeviceDown{1, "gone"});
  world.run(std::chrono::seconds{30});
  world.push(closure(117, 1, 1));
  CHECK(world.run_until([&] { return world.barrier_commanded_open(); }, std::chrono::seconds{1}));
}

TEST_CASE("a cart that falls silent at the eye stays bound while nobody else is near") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}});
  std::optional<ConfirmAnswer> told = Refuse{RefuseReason::kSessionOpen};
  world.backend = [&](const ConfirmRequest&) { return told; };
  cart_117_is_refused(world);
  world.silence(117);
  world.run(std::chrono::seconds{3});
  told = admit_answer(1);
  CHECK(world.run_until([&] { return world.barrier_commanded_open(); }, std::chrono::seconds{6}));
}

TEST_CASE("an idle cart alone is sent to staff, and next to a paid one it does not count") {
  LaneWorld world;
  world.settle();
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
  world.settle();
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
  world.settle();
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
  world.settle();
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
    world.settle();
    world.mistimed(117, c.state, c.rssi_dbm, c.tag);
    if (c.right_too) world.beacon(117, c.state, -90, 0, c.tag);
    world.run(c.before);
    world.set(kApproach, true);
    REQUIRE(world.run_until([&] { return world.barrier_commanded_open(); }, milliseconds{3000}));
    CHECK(world.open.begin()->second.kind == ReceiptKind::kWalkout);
  }
}

}  // namespace exitgate::test
