// What must hold wherever a random walk leads (lane contract §6). EXITGATE_WALK_SEEDS=A..B walks other seeds.
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>

#include "lane_walk.hpp"

namespace exitgate::test {
namespace {

struct SeedRange {
  std::uint32_t first = 1;
  std::uint32_t last = 12;
};

SeedRange seeds() {
  SeedRange range;
  const char* text = std::getenv("EXITGATE_WALK_SEEDS");
  if (text == nullptr) return range;
  const std::string given(text);
  const auto dots = given.find("..");
  range.first = static_cast<std::uint32_t>(std::stoul(given));
  range.last = dots == std::string::npos ? range.first : static_cast<std::uint32_t>(std::stoul(given.substr(dots + 2)));
  return range;
}

std::vector<LaneOptions> lanes_of(std::uint32_t seed) {
  switch (seed % 4) {
    case 0:
      return {LaneOptions{}, LaneOptions{.mode = LaneMode::kMixed}};
    case 1:
      return {LaneOptions{.mode = LaneMode::kWalkout}, LaneOptions{.mode = LaneMode::kMixed, .limits = false}};
    case 2:
      return {LaneOptions{.limits = false}, LaneOptions{.mode = LaneMode::kWalkout, .pulse = true}};
    default:
      return {LaneOptions{.accessible = true}};
  }
}

}  // namespace

TEST_CASE(
    "wherever a random walk leads, the invariants hold and after a calm every lane is idle with no receipt open") {
  const auto range = seeds();
  for (auto seed = range.first; seed <= range.last; ++seed) {
    LaneWalk walk({.lanes = lanes_of(seed), .seed = seed});
    const auto wrong = walk.run();
    std::string last;
    const auto lines = wrong.empty() ? std::vector<std::string>{} : walk.log();
    for (auto i = lines.size() - std::min<std::size_t>(lines.size(), 25); i < lines.size(); ++i)
      last += lines[i] + "\n";
    INFO("seed " << seed << ", its last events:\n" << last);
    CHECK(wrong == "");
  }
}

TEST_CASE("walks that once went wrong go well: endless circles, an opening without a receipt, closing on somebody") {
  for (const std::uint32_t seed : {10U, 17U, 18U, 20U, 36U, 343U, 463U, 535U}) {
    LaneWalk walk({.lanes = lanes_of(seed), .seed = seed});
    INFO("seed " << seed);
    CHECK(walk.run() == "");
  }
}

TEST_CASE("every time a lane waits for is a deadline: running all lanes in every turn changes nothing") {
  const auto range = seeds();
  for (auto seed = range.first; seed <= range.last; ++seed) {
    LaneWalk asleep({.lanes = lanes_of(seed), .seed = seed, .moves = 300});
    LaneWalk awake({.lanes = lanes_of(seed), .seed = seed, .moves = 300, .run_all_lanes_always = true});
    (void)asleep.run();
    (void)awake.run();
    const auto first = asleep.log();
    const auto second = awake.log();
    INFO("seed " << seed);
    for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
      INFO("event " << i);
      REQUIRE(first[i] == second[i]);
    }
    CHECK(first.size() == second.size());
  }
}

}  // namespace exitgate::test
