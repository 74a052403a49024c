// Known-bad never degrades to unknown, whatever kind of no-answer follows; what a restart, a damaged database and a
// clock that is not synchronised leave of the evidence (lane contract §4; backend, beacon and operation contracts).
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// The most generous store: whatever is not known to be bad leaves while the backend is away.
void generous(GateConfig& config) {
  config.offline.admit_carts = true;
  config.offline.admit_walkouts = true;
  config.offline.admit_mixed_walkouts = true;
}
LaneWorld generous_world(LoadedState loaded = {}, LaneMode mode = LaneMode::kCart) {
  return LaneWorld({LaneOptions{.mode = mode}}, std::move(loaded), false, generous);
}
void come(LaneWorld& world, CartId cart = 117, std::uint8_t n = 1) {
  world.beacon(cart, BeaconState::kClosed, -60, 0, n);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.run(seconds{1});
}
constexpr std::array<NoAnswerCause, 7> kEveryNoAnswer{
    NoAnswerCause::kTimeout,     NoAnswerCause::kTransport,   NoAnswerCause::kTls,      NoAnswerCause::kCredentials,
    NoAnswerCause::kClientError, NoAnswerCause::kServerError, NoAnswerCause::kMalformed};

}  // namespace

TEST_CASE("an unknown cart leaves by a generous policy: what the cases below refuse is refused for what is known") {
  auto world = generous_world();
  world.settle();
  world.go_offline();
  come(world);
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a cart refused once is refused under every kind of no-answer, in this presence and in the next") {
  for (const auto reason : {RefuseReason::kSessionOpen, RefuseReason::kPaymentFailed, RefuseReason::kInspection,
                            RefuseReason::kAlreadyUsed, RefuseReason::kUnknownSession}) {
    for (const auto cause : kEveryNoAnswer) {
      auto world = generous_world();
      bool refuse = true;
      world.backend = [&](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
        if (r.stage != Stage::kPresent) return std::nullopt;
        if (std::exchange(refuse, false)) return Refuse{reason};
        return NoAnswer{cause, "scripted"};
      };
      world.settle();
      come(world);
      REQUIRE(world.phase() == Phase::kRefused);
      world.run(seconds{8});
      CHECK_FALSE(world.barrier_commanded_open());
      world.go_away();
      come(world);
      world.run(seconds{8});
      CHECK_FALSE(world.barrier_commanded_open());
      CHECK(world.sealed.empty());
    }
  }
}

TEST_CASE("a cart refused once is refused when the next question is never answered, and while offline") {
  auto world = generous_world();
  bool refuse = true;
  world.backend = [&](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
    if (r.stage == Stage::kPresent && std::exchange(refuse, false)) return Refuse{RefuseReason::kPaymentFailed};
    return std::nullopt;
  };
  world.settle();
  come(world);
  world.go_away();
  come(world);
  CHECK_FALSE(world.barrier_commanded_open());
  world.go_away();
  world.go_offline();
  come(world);
  CHECK(world.reason() == "payment_failed");
  // What was refused is known of this session, not of the cart.
  world.go_away();
  come(world, 117, 2);
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a revoked session stays refused while offline: by tag, and by an id that only a closure or a pass named") {
  enum class Named { kByTag, kClosure, kClosureThenReset, kPass, kExpiredPass };
  for (const auto named :
       {Named::kByTag, Named::kClosure, Named::kClosureThenReset, Named::kPass, Named::kExpiredPass}) {
    auto world = generous_world();
    world.settle();
    const bool closed = named == Named::kClosure || named == Named::kClosureThenReset;
    if (closed) world.push(closure(117, 1, 1));
    if (named == Named::kPass) world.step(pass_of(117, 1, world.now().wall));
    if (named == Named::kExpiredPass) world.step(pass_of(117, 1, world.now().wall, seconds{2}));
    if (named == Named::kByTag) world.push(Revocation{.session_id = {}, .session_tag = tag(1)});
    if (named != Named::kByTag) world.push(Revocation{.session_id = session(1), .session_tag = {}});
    if (named == Named::kClosureThenReset) world.push(Reset{});
    world.go_offline();
    come(world);
    INFO("case " << static_cast<int>(named));
    CHECK_FALSE(world.barrier_commanded_open());
    CHECK(world.reason() == "see_staff");
  }
}

TEST_CASE("a session revoked by its id stays refused after a reset of the stream and a restart behind it") {
  auto world = generous_world();
  world.settle();
  world.push(closure(117, 1, 1));
  world.push(Revocation{.session_id = session(1), .session_tag = {}});
  world.push(Reset{});
  LoadedState kept;
  for (const auto& transaction : world.persisted) {
    for (const auto& write : transaction) {
      if (const auto* put = std::get_if<PutRevocation>(&write))
        kept.revocations.push_back({put->revocation, put->kept_until});
    }
  }
  auto again = generous_world(kept);
  again.settle();
  again.go_offline();
  come(again);
  CHECK_FALSE(again.barrier_commanded_open());
  CHECK(again.reason() == "see_staff");
  // A later closure ends it as ever.
  again.push(closure(117, 1, 1));
  again.run(seconds{1});
  CHECK(again.barrier_commanded_open());
}

TEST_CASE("a session another gate has claimed stays already_used while offline, also when its closure is gone") {
  for (const bool dropped : {false, true}) {
    auto world = generous_world();
    world.settle();
    world.push(closure(117, 1, 1));
    world.push(Claimed{session(1), ShortId::of("back")});
    if (dropped) world.push(Reset{});
    world.go_offline();
    come(world);
    CHECK_FALSE(world.barrier_commanded_open());
    CHECK(world.reason() == "already_used");
    // Unknown now, and with no answer the policy decides.
    world.push(Unclaimed{session(1), ShortId::of("back")});
    world.run(seconds{2});
    CHECK(world.barrier_commanded_open());
  }
}

TEST_CASE("a store that lets nobody out by policy says already_used of a claimed session too, never see_staff") {
  for (const bool offline : {true, false}) {
    LaneWorld world;
    world.settle();
    world.push(closure(117, 1, 1));
    world.push(Claimed{session(1), ShortId::of("back")});
    world.push(Reset{});
    if (offline) world.go_offline();
    come(world);
    CHECK(world.reason() == "already_used");
    CHECK(world.asked.back().stage == Stage::kPresent);
    // Its claim is over: nothing is known of it any more.
    world.push(Unclaimed{session(1), ShortId::of("back")});
    world.run(seconds{1});
    CHECK(world.reason() == "see_staff");
    CHECK_FALSE(world.barrier_commanded_open());
  }
}

TEST_CASE("an answer fetched ahead is no answer any more once another gate has claimed the session") {
  for (const bool answers : {true, false}) {
    auto world = generous_world();
    bool claimed = false;
    world.backend = [&](const ConfirmRequest& r) -> std::optional<ConfirmAnswer> {
      if (r.stage == Stage::kAhead && !claimed) return admit_answer(1);
      if (r.stage == Stage::kPresent && answers) return Refuse{RefuseReason::kAlreadyUsed};
      return std::nullopt;
    };
    world.settle();
    world.beacon(117, BeaconState::kClosed);
    world.run(seconds{1});
    claimed = true;
    world.push(Claimed{session(1), ShortId::of("back")});
    come(world);
    world.run(seconds{2});
    CHECK_FALSE(world.barrier_commanded_open());
    CHECK(world.reason() == "already_used");
  }
}

TEST_CASE("revocations and claims outlive a restart, and are refused while offline") {
  const auto wall = LaneWorld().now().wall;
  LoadedState loaded;
  loaded.closures = {closure(117, 1, 1), closure(118, 2, 2)};
  loaded.revocations = {{Revocation{.session_id = session(1), .session_tag = {}}, wall + hours{20}}};
  loaded.claims = {{session(2), ShortId::of("back"), wall + hours{20}}};
  auto world = generous_world(loaded);
  world.settle();
  world.go_offline();
  come(world, 117, 1);
  CHECK(world.reason() == "see_staff");
  world.go_away();
  world.silence(117);
  world.run(seconds{3});
  come(world, 118, 2);
  CHECK(world.reason() == "already_used");
  CHECK_FALSE(world.barrier_commanded_open());
}

TEST_CASE("a closure found at the start opens while offline, until it expires") {
  LoadedState loaded;
  auto known = closure(117, 1, 1);
  known.expires_at = LaneWorld().now().wall + minutes{1};
  loaded.closures = {known};
  for (const bool late : {false, true}) {
    LaneWorld world({LaneOptions{}}, loaded);
    world.settle();
    world.go_offline();
    if (late) world.run(minutes{1});
    come(world);
    CHECK(world.barrier_commanded_open() == !late);
    if (!late) CHECK(world.open.begin()->second.basis == Basis::kPrefetched);
  }
}

TEST_CASE("after salvage: closures and passes older than the new database need confirmed, newer ones open") {
  LoadedState loaded;
  loaded.closures = {closure(117, 1, 1)};
  loaded.salvaged_at = LaneWorld().now().wall;
  LaneWorld world({LaneOptions{}}, loaded);
  world.settle();
  world.go_offline();
  world.step(pass_of(117, 1, *loaded.salvaged_at - milliseconds{1}));
  come(world);
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.reason() == "see_staff");
  REQUIRE_FALSE(world.asked.empty());
  world.answer(world.asked.size() - 1, admit_answer(1));
  REQUIRE(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.basis == Basis::kConfirmed);

  LaneWorld second({LaneOptions{}}, loaded);
  second.settle();
  second.go_offline();
  second.step(pass_of(117, 1, *loaded.salvaged_at));
  come(second);
  REQUIRE(second.barrier_commanded_open());
  CHECK(second.open.begin()->second.basis == Basis::kSignedPass);
}

TEST_CASE("a clock that is not synchronised: expiry is judged against the floor, and the receipt says so") {
  for (const bool expired : {false, true}) {
    LaneWorld world;
    world.settle();
    const auto floor = world.now().wall;
    auto known = closure(117, 1, 1);
    known.expires_at = floor + (expired ? milliseconds{-1} : milliseconds{0});
    world.floor = floor;
    world.wall_step(-hours{24 * 365 * 50});
    world.push(known);
    world.go_offline();
    come(world);
    CHECK(world.barrier_commanded_open() == !expired);
    if (!expired) CHECK_FALSE(world.open.begin()->second.clock_synchronised);
  }
}

TEST_CASE("signed_passes = false: a pass opens nothing, not even while offline") {
  LaneWorld world({LaneOptions{}}, {}, false, [](GateConfig& config) { config.offline.signed_passes = false; });
  world.settle();
  world.go_offline();
  world.step(pass_of(117, 1, world.now().wall));
  come(world);
  CHECK_FALSE(world.barrier_commanded_open());
}

TEST_CASE("closures and signed passes count toward no limit of the policy") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}}, {}, false, [](GateConfig& config) {
    generous(config);
    config.offline.max_exits_per_hour = 1;
  });
  world.settle();
  world.push(closure(117, 1, 1));
  world.go_offline();
  world.step(pass_of(118, 2, world.now().wall));
  for (const CartId cart : {CartId{117}, CartId{118}}) {
    come(world, cart, static_cast<std::uint8_t>(cart - 116));
    REQUIRE(world.barrier_commanded_open());
    world.walk_through();
    world.silence(cart);
    world.settle();
    world.run(seconds{3});
  }
  world.set(kApproach, true);
  world.run(seconds{1});
  REQUIRE(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.basis == Basis::kOfflinePolicy);
}

TEST_CASE(
    "a refusal that a closure ended which is itself too old to open is asked about anew, never a case for the policy "
    "(simulator, seed 45)") {
  auto world = generous_world();
  world.backend = [](const ConfirmRequest&) { return Refuse{RefuseReason::kSessionOpen}; };
  world.settle();
  come(world);
  world.run(seconds{1});  // between two of the questions that are asked again
  REQUIRE(world.phase() == Phase::kRefused);
  world.backend = [](const ConfirmRequest&) { return std::nullopt; };
  const auto present = [&] {
    return std::count_if(world.asked.begin(), world.asked.end(),
                         [](const ConfirmRequest& request) { return request.stage == Stage::kPresent; });
  };
  const auto asked_before = present();
  auto expired = closure(117, 1, 1);
  expired.expires_at = world.now().wall - minutes{1};
  world.push(expired);
  world.run(milliseconds{100});
  CHECK_FALSE(world.barrier_commanded_open());
  REQUIRE(present() == asked_before + 1);
  for (std::size_t i = 0; i < world.asked.size(); ++i) {
    if (world.asked[i].stage == Stage::kPresent && world.asked[i].observed_at == world.asked.back().observed_at)
      world.answer(i, admit_answer(1));
  }
  world.run(milliseconds{100});
  CHECK(world.barrier_commanded_open());
}

}  // namespace exitgate::test
