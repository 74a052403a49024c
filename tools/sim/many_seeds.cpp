#include "tools/sim/many_seeds.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "tools/sim/progress.hpp"

namespace exitgate::sim {

Outcome run_seeds(const Options& options, SeedRange seeds) {
  const auto workers = std::max(1U, std::thread::hardware_concurrency());
  Progress progress("", seeds.count(), options.exits, workers);
  Outcome outcome;
  std::mutex guard;  // of the outcome
  std::atomic<std::uint64_t> begun{0};
  std::atomic<bool> failed{false};
  auto work = [&](std::size_t worker) {
    while (!failed) {
      const auto number = begun++;
      if (number >= seeds.count()) return;
      auto own = options;
      own.seed = seeds.first + number;
      own.exits_so_far = progress.exits_of(worker);
      auto report = run_seed(own);
      progress.seed_over(worker, report.exits);
      const std::lock_guard lock(guard);
      outcome.totals.add(report);
      if (report.violation.empty()) continue;
      outcome.failures.push_back(std::move(report));
      failed = true;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < workers; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
  std::sort(outcome.failures.begin(), outcome.failures.end(),
            [](const auto& a, const auto& b) { return a.seed < b.seed; });
  outcome.seconds = progress.seconds();
  return outcome;
}

std::uint64_t seed_to_record(const Outcome& outcome, SeedRange seeds) {
  return outcome.failures.empty() ? seeds.first : outcome.failures.front().seed;
}

Report run_again(Options options, std::uint64_t seed) {
  Progress progress("seed " + std::to_string(seed) + " again: ", 1, options.exits, 1);
  options.seed = seed;
  options.trace = true;
  options.exits_so_far = progress.exits_of(0);
  auto report = run_seed(options);
  progress.seed_over(0, report.exits);
  return report;
}

}  // namespace exitgate::sim
