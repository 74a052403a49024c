// Seeds on all cores, until they are all over or one of them fails.
#pragma once

#include <optional>
#include <vector>

#include "tools/sim/options.hpp"
#include "tools/sim/seed_range.hpp"
#include "tools/sim/totals.hpp"

namespace exitgate::sim {

struct Outcome {
  Totals totals;
  double seconds = 0;
  /// Those that failed, by seed. No seed is begun after a failure and every one that was begun is run to its end, so
  /// the first of them is the lowest seed of the range that fails, on any number of cores.
  std::vector<Report> failures;
};

[[nodiscard]] Outcome run_seeds(const Options& options, SeedRange seeds);
/// The seed whose steps are worth keeping: the first that failed, else the first of all.
[[nodiscard]] std::uint64_t seed_to_record(const Outcome& outcome, SeedRange seeds);
/// The same seed once more, with its trace.
[[nodiscard]] Report run_again(Options options, std::uint64_t seed);

}  // namespace exitgate::sim
