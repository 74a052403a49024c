// Many seeds at once: how far they are, and which of them is worth a recording.
#include "tools/sim/many_seeds.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>

#include "tools/sim/progress.hpp"

namespace exitgate::sim {
namespace {

Options calm(int exits) {
  Options options;
  options.exits = exits;
  options.faults.fill(false);
  return options;
}

}  // namespace

TEST_CASE("the seed that is recorded is the lowest that fails, else the first, also at the end of all seeds") {
  const SeedRange seeds{18446744073709551610U, 18446744073709551614U};
  const auto sound = run_seeds(calm(5), seeds);
  CHECK(sound.failures.empty());
  CHECK(sound.totals.seeds == 5);
  CHECK(seed_to_record(sound, seeds) == seeds.first);

  auto broken = calm(20);
  broken.mutation = Mutation::kCloseOnSomebody;
  std::uint64_t lowest = 1;
  for (broken.seed = lowest; run_seed(broken).violation.empty(); broken.seed = lowest) ++lowest;
  const auto found = run_seeds(broken, {1, 40});
  REQUIRE_FALSE(found.failures.empty());
  CHECK(seed_to_record(found, {1, 40}) == lowest);
  const auto again = run_again(broken, lowest);
  CHECK(again.violation == found.failures.front().violation);
  CHECK_FALSE(again.recordings.empty());
}

TEST_CASE("a run tells of its exits from within, and goes the same way when it does") {
  std::atomic<std::int64_t> exits{-1};
  auto options = calm(20);
  const auto quiet = run_seed(options);
  options.exits_so_far = &exits;
  const auto told = run_seed(options);
  CHECK(exits == told.exits);
  CHECK(told.steps == quiet.steps);
}

TEST_CASE("progress counts the exits of seeds that run, none of them for more than a seed") {
  Progress progress("", 4, 100, 2);
  CHECK(progress.standing().part == 0);
  *progress.exits_of(0) = 50;
  *progress.exits_of(1) = 130;
  CHECK(progress.standing().part == 0.375);
  CHECK(progress.standing().exits == 180);
  progress.seed_over(1, 131);
  const auto standing = progress.standing();
  CHECK(standing.over == 1);
  CHECK(standing.part == 0.375);
  CHECK(standing.exits == 181);
}

TEST_CASE("the line of progress fits a terminal, and says nothing of what it can't know yet") {
  CHECK(progress_line({.seeds = 1, .over = 0, .part = 0, .exits = 0, .seconds = 0.2}) ==
        "[....................] 0 of 1 seed, 0 exits, 0 exits/s");
  const auto line = progress_line({.seeds = 200, .over = 99, .part = 0.5, .exits = 100000, .seconds = 200});
  CHECK(line == "[##########..........] 99 of 200 seeds, 100000 exits, 500 exits/s, 200 s left");
  CHECK(line.size() < 80);
}

}  // namespace exitgate::sim
