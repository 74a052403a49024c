// exitgate-sim: runs seeds on all cores and says what came of them.
#include <sqlite3.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tools/sim/options.hpp"
#include "tools/sim/replay.hpp"

namespace exitgate::sim {
namespace {

constexpr std::array kEventNames{
    "InputsPolled",     "OutputsRead",   "OutputWritten", "DeviceUp",        "DeviceDown",
    "BeaconHeard",      "MistimedHeard", "PassHeard",     "CartClockNotice", "AnswerArrived",
    "BackendConnected", "StreamArrived", "Persisted",     "StaffCommand",    "ShellFault",
    "StorageState",     "Tick",          "Reconfigure"};
static_assert(kEventNames.size() == kEventKinds);

struct Totals {
  std::int64_t seeds = 0, exits = 0, openings = 0, receipts = 0, steps = 0;
  double hours = 0;
  std::array<std::int64_t, kFaultKindCount> injected{};
  DiskCounts disk;
  decltype(Report::coverage) coverage{};

  void add(const Report& r) {
    ++seeds;
    exits += r.exits;
    openings += r.openings;
    receipts += r.receipts;
    steps += r.steps;
    hours += r.virtual_hours;
    disk.add(r.disk);
    for (std::size_t i = 0; i < injected.size(); ++i) injected[i] += r.injected[i];
    for (std::size_t p = 0; p < kPhaseCount; ++p) {
      for (std::size_t e = 0; e < kEventKinds; ++e) coverage[p][e] += r.coverage[p][e];
    }
  }
};

void print_coverage(const Totals& totals) {
  std::size_t seen = 0;
  std::string never;
  for (std::size_t e = 0; e < kEventKinds; ++e) {
    std::size_t phases = 0;
    for (std::size_t p = 0; p < kPhaseCount; ++p) phases += totals.coverage[p][e] > 0 ? 1U : 0U;
    seen += phases;
    if (phases == 0) never += (never.empty() ? "" : ", ") + std::string(kEventNames[e]);
  }
  std::printf("phase x event pairs seen: %zu of %zu", seen, kPhaseCount * kEventKinds);
  if (!never.empty()) std::printf(" (not at all: %s)", never.c_str());
  std::printf("\n");
}

void print(const Totals& totals, double seconds) {
  const auto number = [](std::int64_t value) { return static_cast<long long>(value); };
  std::printf("%lld seeds, %lld exits, %lld openings, %lld receipts, %lld steps, %.1f virtual hours in %.1f s\n",
              number(totals.seeds), number(totals.exits), number(totals.openings), number(totals.receipts),
              number(totals.steps), totals.hours, seconds);
  std::printf("%.0f exits/s\n", static_cast<double>(totals.exits) / seconds);
  print_coverage(totals);
  std::printf("faults:");
  for (std::size_t i = 0; i < kFaultKindCount; ++i) {
    std::printf(" %s %lld", kFaultKindNames[i], number(totals.injected[i]));
  }
  const auto& disk = totals.disk;
  std::printf(
      "\ndisk: %lld operations, database opened %lld times, %lld kills, %lld power cuts, %lld deaths within an "
      "operation, "
      "%lld torn writes,\n  %lld unsynced sectors lost and %lld kept, failed: %lld reads, %lld writes, %lld syncs, "
      "%lld "
      "for want of space\n",
      number(disk.operations), number(disk.openings), number(disk.kills), number(disk.power_cuts),
      number(disk.cuts_within), number(disk.torn_writes), number(disk.sectors_lost), number(disk.sectors_kept),
      number(disk.read_errors), number(disk.write_errors), number(disk.sync_errors), number(disk.full));
}

/// One line on a terminal: how far, how fast, how long still.
class Progress {
 public:
  explicit Progress(std::uint64_t seeds) : seeds_(seeds), shows_(isatty(STDERR_FILENO) != 0) {}
  void show(const Totals& totals, double seconds) const {
    if (!shows_) return;
    constexpr int kWidth = 30;
    const double part = static_cast<double>(totals.seeds) / static_cast<double>(seeds_);
    const auto full = static_cast<std::size_t>(part * kWidth);
    const auto bar = std::string(full, '#') + std::string(kWidth - full, '.');
    std::fprintf(stderr, "\r[%s] %lld of %llu seeds, %lld exits, %.0f exits/s, %.0f s left ", bar.c_str(),
                 static_cast<long long>(totals.seeds), static_cast<unsigned long long>(seeds_),
                 static_cast<long long>(totals.exits), static_cast<double>(totals.exits) / seconds,
                 seconds * (1 - part) / part);
  }
  void end() const {
    if (shows_) std::fprintf(stderr, "\n");
  }

 private:
  std::uint64_t seeds_;
  bool shows_;
};

void print_failure(Options options, const Report& report, bool whole) {
  std::printf("seed %llu: %s\n  at %.3f s of virtual time (record it with --trace FILE); the last events:\n",
              static_cast<unsigned long long>(report.seed), report.violation.c_str(), report.violated_at_s);
  options.seed = report.seed;
  options.trace = true;
  const auto again = run_seed(options);
  constexpr std::size_t kLast = 40;
  const auto first = again.trace.size() > kLast && !whole ? again.trace.size() - kLast : 0;
  for (auto i = first; i < again.trace.size(); ++i) std::printf("  %s\n", again.trace[i].c_str());
}

int run_all(const Options& options, std::uint64_t first, std::uint64_t last, bool whole_story) {
  // SQLite's count of memory in use is one lock for all threads.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  std::atomic<std::uint64_t> next{first};
  std::atomic<bool> failed{false};
  std::mutex guard;
  Totals totals;
  std::vector<Report> failures;
  const auto started = std::chrono::steady_clock::now();
  const auto seconds = [started] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  };
  const Progress progress(last - first + 1);
  auto work = [&] {
    for (auto seed = next++; seed <= last && !failed; seed = next++) {
      auto own = options;
      own.seed = seed;
      auto report = run_seed(own);
      const std::lock_guard lock(guard);
      totals.add(report);
      progress.show(totals, seconds());
      if (report.violation.empty()) continue;
      failures.push_back(std::move(report));
      failed = true;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  progress.end();
  print(totals, seconds());
  for (const auto& failure : failures) print_failure(options, failure, whole_story);
  return failures.empty() ? 0 : 1;
}

}  // namespace
}  // namespace exitgate::sim

int main(int argc, char** argv) {
  CLI::App app("The whole controller on a virtual clock, with an oracle");
  exitgate::sim::Options options;
  std::string seeds;
  std::string trace;
  app.add_option("--seed", options.seed, "one seed");
  app.add_option("--seeds", seeds, "a range: A..B")->excludes("--seed");
  app.add_option("--exits", options.exits, "exits of each seed")->check(CLI::Range(1, 10000000));
  app.add_option("--lanes", options.lanes, "lanes of each box; else the seed says")->check(CLI::Range(1, 32));
  app.add_option("--boxes", options.boxes, "boxes of the store; else the seed says")->check(CLI::Range(1, 2));
  app.add_option("--trace", trace, "record the (first) seed into this file, for --replay");
  std::string replay;
  bool verbose = false;
  app.add_option("--replay", replay, "replay a file of --trace or of `exitgate trace`; no seed is run");
  app.add_flag("--verbose", verbose, "with --replay: every step; else: the whole story of a violation, not its end");
  std::vector<std::string> without;
  app.add_option("--without", without, "kinds of faults to leave out")
      ->check(CLI::IsMember(
          std::vector<std::string>(exitgate::sim::kFaultKindNames.begin(), exitgate::sim::kFaultKindNames.end())));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!replay.empty()) return exitgate::sim::replay_file(replay, verbose);
  for (std::size_t i = 0; i < exitgate::sim::kFaultKindCount; ++i) {
    for (const auto& name : without) options.faults[i] = options.faults[i] && name != exitgate::sim::kFaultKindNames[i];
  }
  auto first = options.seed;
  auto last = options.seed;
  if (!seeds.empty() && std::sscanf(seeds.c_str(), "%lu..%lu", &first, &last) != 2) {
    std::fprintf(stderr, "--seeds: found %s; expected A..B\n", seeds.c_str());
    return 2;
  }
  if (!trace.empty()) {
    auto traced = options;
    traced.seed = first;
    traced.trace = true;
    if (!exitgate::sim::write_recordings(trace, exitgate::sim::run_seed(traced))) {
      std::fprintf(stderr, "--trace: %s can't be written\n", trace.c_str());
      return 2;
    }
  }
  return exitgate::sim::run_all(options, first, last, verbose);
}
