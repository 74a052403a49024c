// Limits of the offline policy while the wall clock is set (lane contract §4; "all are measured on a monotonic clock").
#include "core/offline_policy.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/core/lane_world.hpp"

namespace exitgate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr WallTime kRight{std::chrono::seconds{1'790'000'000}};
constexpr WallTime k1970{std::chrono::seconds{1000}};

Now at(WallTime wall, Duration since_start) {
  return {.mono = MonoTime{hours{100}} + since_start, .wall = wall, .judging = wall};
}
bool admits(const OfflinePolicy& policy, const Now& now) { return policy.admits(false, LaneMode::kWalkout, {}, now); }

}  // namespace

TEST_CASE("offline policy: a clock set from 1970 to the right time ends no outage early and makes none older") {
  const OfflinePolicyConfig config{.max_outage_minutes = 240};
  OfflinePolicy fresh(config, {}, at(k1970, {}));
  CHECK(admits(fresh, at(kRight, minutes{5})));
  CHECK_FALSE(admits(fresh, at(kRight, minutes{241})));
  CHECK_FALSE(admits(fresh, at(k1970, minutes{241})));
  fresh.heard(at(kRight, minutes{300}));
  CHECK(admits(fresh, at(k1970, minutes{301})));
}

TEST_CASE("offline policy: an outage goes on over a restart by the wall clock, and from then by the monotonic one") {
  LoadedState loaded;
  loaded.last_valid_answer = {kRight - hours{3}};
  OfflinePolicy policy({.max_outage_minutes = 240}, loaded, at(kRight, {}));
  CHECK(admits(policy, at(kRight, minutes{59})));
  CHECK_FALSE(admits(policy, at(kRight, minutes{61})));
}

TEST_CASE("offline policy: an outage goes on over a restart whose clock can't tell how long it has lasted") {
  // The simulator's seed 1446: unsynchronised, a clock is judged by its floor, which stands still through the outage.
  LoadedState loaded;
  loaded.last_valid_answer = {kRight, minutes{200}};
  for (const auto wall : {kRight, kRight + minutes{2}, k1970}) {
    OfflinePolicy policy({.max_outage_minutes = 240}, loaded, at(wall, {}));
    CHECK(admits(policy, at(wall, minutes{40})));
    CHECK_FALSE(admits(policy, at(wall, minutes{41})));
  }
}

TEST_CASE("offline policy: what it keeps for the next start grows with the outage and ends with an answer") {
  OfflinePolicy policy({.max_outage_minutes = 240}, {}, at(kRight, {}));
  CHECK(policy.last_heard(at(k1970, minutes{90}).mono).outage == minutes{90});
  policy.heard(at(kRight + minutes{95}, minutes{95}));
  const auto last = policy.last_heard(at(kRight, minutes{97}).mono);
  CHECK(last.at == kRight + minutes{95});
  CHECK(last.outage == minutes{2});
}

TEST_CASE("offline policy: how long the outage lasts is on the disk every minute, though the clock stands still") {
  test::LaneWorld world;
  world.floor = kRight;
  world.run(minutes{3} + std::chrono::seconds{1});
  std::vector<minutes> kept;
  for (const auto& transaction : world.persisted) {
    const auto* last = std::get_if<PutLastValidAnswer>(&transaction.front());
    if (last != nullptr) kept.push_back(std::chrono::duration_cast<minutes>(last->last.outage));
  }
  CHECK(kept == std::vector{minutes{1}, minutes{2}, minutes{3}});
}

TEST_CASE("offline policy: setting the clock a day ahead or back opens the hourly limit for nobody") {
  OfflinePolicy policy({.max_exits_per_hour = 2}, {}, at(kRight, {}));
  policy.count({}, at(kRight, minutes{1}));
  policy.count({}, at(kRight + hours{24}, minutes{2}));
  CHECK_FALSE(admits(policy, at(kRight + hours{24}, minutes{3})));
  CHECK_FALSE(admits(policy, at(kRight - hours{24}, minutes{3})));
  CHECK(admits(policy, at(kRight - hours{24}, minutes{62})));
}

TEST_CASE("offline policy: exits of the last hour count after a restart, also those dated in the future") {
  LoadedState loaded;
  loaded.offline_exits = {{kRight - minutes{30}, {}}, {kRight + hours{24}, {}}, {kRight - minutes{90}, {}}};
  OfflinePolicy policy({.max_exits_per_hour = 2}, loaded, at(kRight, {}));
  CHECK_FALSE(admits(policy, at(kRight, minutes{1})));
  CHECK(admits(policy, at(kRight, minutes{31})));
  policy.count({}, at(kRight, minutes{32}));
  CHECK_FALSE(admits(policy, at(kRight, minutes{33})));
  CHECK(admits(policy, at(kRight, minutes{61})));
}

TEST_CASE("offline policy: an exit stamped by a clock that was not synchronised counts an hour from the restart") {
  LoadedState loaded;
  loaded.offline_exits = {{wall_from_ms(100'000), {}, false}};
  OfflinePolicy policy({.max_exits_per_hour = 1}, loaded, at(kRight, {}));
  CHECK_FALSE(admits(policy, at(kRight, minutes{59})));
  CHECK(admits(policy, at(kRight, minutes{61})));
}

}  // namespace exitgate
