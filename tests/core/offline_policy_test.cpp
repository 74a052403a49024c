// What the box admits while its backend is away, and each limit of it at, below and above its bound (lane contract §4,
// "Offline policy").
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kWall = wall_from_ms(1793000000000);

Now at(Duration since_start, milliseconds wall_set_by = milliseconds{0}) {
  const auto wall = kWall + std::chrono::duration_cast<milliseconds>(since_start) + wall_set_by;
  return {.mono = MonoTime{hours{1000}} + since_start, .wall = wall, .judging = wall};
}
bool walkout(const OfflinePolicy& policy, const Now& now, std::optional<Money> total = {}) {
  return policy.admits(false, LaneMode::kWalkout, total, now);
}
Money money(std::int64_t minor) { return {minor, {'U', 'S', 'D'}}; }

/// Somebody with no cart comes, and leaves if the lane opens.
bool leaves(LaneWorld& world) {
  world.set(kApproach, true);
  world.run(seconds{1});
  const bool opened = world.barrier_commanded_open();
  if (opened) {
    world.walk_through();
  } else {
    world.set(kApproach, false);
    world.run(seconds{1});
  }
  world.settle();
  return opened;
}

}  // namespace

TEST_CASE("offline policy: the outage may be as old as its limit, and not a millisecond older") {
  OfflinePolicy policy({.max_outage_minutes = 240}, {}, at(hours{0}));
  policy.heard(at(minutes{10}));
  CHECK(walkout(policy, at(minutes{249})));
  CHECK(walkout(policy, at(minutes{250})));
  CHECK_FALSE(walkout(policy, at(minutes{250} + milliseconds{1})));
  policy.heard(at(minutes{300}));
  CHECK(walkout(policy, at(minutes{300})));
}

TEST_CASE("offline policy: no outage at all is allowed when its limit is zero minutes, and any answer begins it anew") {
  OfflinePolicy policy({.max_outage_minutes = 0}, {}, at(hours{0}));
  CHECK(walkout(policy, at(hours{0})));
  CHECK_FALSE(walkout(policy, at(milliseconds{1})));
}

TEST_CASE("offline policy: as many exits as its limit in an hour, and the next when the first is an hour old") {
  OfflinePolicy policy({.max_exits_per_hour = 3}, {}, at(hours{0}));
  for (const auto minute : {0, 20, 40}) {
    REQUIRE(walkout(policy, at(minutes{minute})));
    policy.count({}, at(minutes{minute}));
  }
  CHECK_FALSE(walkout(policy, at(minutes{41})));
  CHECK_FALSE(walkout(policy, at(minutes{60})));
  CHECK(walkout(policy, at(minutes{60} + milliseconds{1})));
  policy.count({}, at(minutes{61}));
  CHECK_FALSE(walkout(policy, at(minutes{80})));
  CHECK(walkout(policy, at(minutes{81})));
}

TEST_CASE("offline policy: the sum may reach its limit; an exit of no known total counts as the assumed one") {
  OfflinePolicy policy({.max_total_minor = 10000, .assumed_total_minor = 4000}, {}, at(hours{0}));
  CHECK(walkout(policy, at(hours{0}), money(10000)));
  CHECK_FALSE(walkout(policy, at(hours{0}), money(10001)));
  policy.count(money(2000), at(minutes{1}));
  policy.count({}, at(minutes{2}));
  CHECK(walkout(policy, at(minutes{3})));
  CHECK_FALSE(walkout(policy, at(minutes{3}), money(4001)));
  policy.count({}, at(minutes{3}));
  CHECK(walkout(policy, at(minutes{4}), money(0)));
  CHECK_FALSE(walkout(policy, at(minutes{4}), money(1)));
  CHECK(walkout(policy, at(minutes{61} + milliseconds{1}), money(2000)));
}

TEST_CASE("offline policy: what was counted and when the backend was heard last outlive a restart") {
  LoadedState loaded;
  loaded.last_valid_answer = {kWall - minutes{230}};
  loaded.offline_exits = {{kWall - minutes{59}, money(6000)}, {kWall - minutes{5}, std::nullopt}};
  OfflinePolicy policy({.max_exits_per_hour = 3, .max_total_minor = 12000, .assumed_total_minor = 4000}, loaded,
                       at(hours{0}));
  CHECK(walkout(policy, at(hours{0}), money(2000)));
  CHECK_FALSE(walkout(policy, at(hours{0}), money(2001)));
  policy.count(money(1000), at(seconds{1}));
  CHECK_FALSE(walkout(policy, at(seconds{2}), money(0)));
  CHECK(walkout(policy, at(minutes{2})));
  CHECK(walkout(policy, at(minutes{10})));
  CHECK_FALSE(walkout(policy, at(minutes{10} + milliseconds{1})));
}

TEST_CASE("offline policy: a wall clock that is set, either way, neither opens a limit nor closes one") {
  OfflinePolicy policy({.max_outage_minutes = 240, .max_exits_per_hour = 1}, {}, at(hours{0}));
  CHECK(walkout(policy, at(minutes{1}, hours{24})));
  CHECK_FALSE(walkout(policy, at(minutes{241}, hours{-24})));
  policy.heard(at(minutes{241}, hours{-24}));
  policy.count({}, at(minutes{242}, hours{-24}));
  CHECK_FALSE(walkout(policy, at(minutes{243}, hours{24})));
  CHECK(walkout(policy, at(minutes{303}, hours{-24})));
}

TEST_CASE("offline policy: a boot at 1970 finds its exits in the future, and they count for an hour") {
  LoadedState loaded;
  loaded.last_valid_answer = {kWall};
  loaded.offline_exits = {{kWall, std::nullopt}};
  const Now start{.mono = MonoTime{hours{1}}, .wall = WallTime{}, .judging = WallTime{}, .synchronised = false};
  OfflinePolicy policy({.max_outage_minutes = 240, .max_exits_per_hour = 1}, loaded, start);
  auto later = [&](Duration by) {
    auto now = start;
    now.mono += by;
    return now;
  };
  CHECK_FALSE(walkout(policy, later(minutes{60})));
  CHECK(walkout(policy, later(minutes{61})));
  CHECK_FALSE(walkout(policy, later(minutes{241})));
}

TEST_CASE("offline policy: carts, walkouts and walkouts of mixed lanes each by their own word, none on a full disk") {
  OfflinePolicy none({.admit_walkouts = false}, {}, at(hours{0}));
  CHECK_FALSE(walkout(none, at(hours{0})));
  CHECK_FALSE(none.admits(true, LaneMode::kCart, {}, at(hours{0})));
  OfflinePolicy carts({.admit_carts = true, .admit_walkouts = false, .admit_mixed_walkouts = true}, {}, at(hours{0}));
  CHECK(carts.admits(true, LaneMode::kCart, {}, at(hours{0})));
  CHECK(carts.admits(true, LaneMode::kMixed, {}, at(hours{0})));
  CHECK_FALSE(carts.admits(false, LaneMode::kMixed, {}, at(hours{0})));
  OfflinePolicy walkouts({}, {}, at(hours{0}));
  CHECK(walkout(walkouts, at(hours{0})));
  CHECK_FALSE(walkouts.admits(false, LaneMode::kMixed, {}, at(hours{0})));
  OfflinePolicy mixed({.admit_mixed_walkouts = true}, {}, at(hours{0}));
  CHECK(mixed.admits(false, LaneMode::kMixed, {}, at(hours{0})));
  mixed.set_storage_full(true);
  CHECK_FALSE(mixed.admits(false, LaneMode::kMixed, {}, at(hours{0})));
}

TEST_CASE("two outages in a row: the age begins anew with the answer between them, the hour goes on") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}}, {}, false, [](GateConfig& config) {
    config.offline.max_exits_per_hour = 3;
    config.offline.max_outage_minutes = 10;
  });
  world.settle();
  world.go_offline();
  CHECK(leaves(world));
  CHECK(leaves(world));
  world.run(minutes{11});
  CHECK_FALSE(leaves(world));
  world.step(BackendConnected{true, ""});
  world.push(Keepalive{});
  CHECK_FALSE(world.has_fault(FaultCode::kBackendOffline));
  world.go_offline();
  CHECK(leaves(world));
  CHECK_FALSE(leaves(world));
  CHECK(world.sealed.size() == 3);
}

TEST_CASE("an admission by policy that was not used is no exit of the hour") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}}, {}, false,
                  [](GateConfig& config) { config.offline.max_exits_per_hour = 1; });
  world.settle();
  world.go_offline();
  world.opens_for_whoever_comes();
  world.set(kApproach, false);
  world.settle();
  REQUIRE(world.sealed.back().outcome == Outcome::kNotUsed);
  CHECK(leaves(world));
  CHECK_FALSE(leaves(world));
}

TEST_CASE("a wall clock set a day ahead in an outage neither ends the policy nor begins its hour anew") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}}, {}, false,
                  [](GateConfig& config) { config.offline.max_exits_per_hour = 2; });
  world.settle();
  world.go_offline();
  CHECK(leaves(world));
  world.wall_step(hours{24});
  CHECK(leaves(world));
  CHECK_FALSE(leaves(world));
  world.wall_step(hours{-48});
  CHECK_FALSE(leaves(world));
}

TEST_CASE("a mixed lane admits walkouts by policy only where mixed_walkouts says so") {
  for (const bool allowed : {false, true}) {
    LaneWorld world({LaneOptions{.mode = LaneMode::kMixed}}, {}, false,
                    [&](GateConfig& config) { config.offline.admit_mixed_walkouts = allowed; });
    world.settle();
    world.go_offline();
    CHECK(leaves(world) == allowed);
    if (!allowed) CHECK(world.sealed.empty());
  }
}

TEST_CASE("a late admit never opens for the next walkout, and is given back") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}}, {}, false,
                  [](GateConfig& config) { config.offline.admit_walkouts = false; });
  world.settle();
  world.set(kApproach, true);
  world.run(seconds{1});
  REQUIRE(world.reason() == "see_staff");
  world.set(kApproach, false);
  world.run(milliseconds{600});
  world.set(kApproach, true);
  world.run(milliseconds{100});
  REQUIRE(world.asked.size() == 2);
  world.answer(0, admit_answer(7));
  world.run(kClaimWaits);
  CHECK_FALSE(world.barrier_commanded_open());
  CHECK(world.sessions_given_back() == std::vector{session(7)});
  world.answer(1, admit_answer(8));
  CHECK(world.barrier_commanded_open());
  CHECK(world.open.begin()->second.session_id == session(8));
}

TEST_CASE("a late refusal after an admission by policy closes on nobody, and the receipt says late_refusal") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.set(kApproach, true);
  world.run(seconds{1});
  REQUIRE(world.barrier_commanded_open());
  world.answer(0, Refuse{RefuseReason::kInspection});
  world.run(milliseconds{500});
  CHECK(world.barrier_commanded_open());
  world.walk_through();
  world.settle();
  REQUIRE(world.sealed.size() == 1);
  CHECK(world.sealed[0].basis == Basis::kOfflinePolicy);
  CHECK(world.sealed[0].flags.has(Flag::kLateRefusal));
}

}  // namespace exitgate::test
