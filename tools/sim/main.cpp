// exitgate-sim: runs seeds on all cores and says what came of them.
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <optional>
#include <system_error>

#include "tools/sim/many_seeds.hpp"
#include "tools/sim/replay.hpp"

namespace exitgate::sim {
namespace {

constexpr std::size_t kLastEvents = 40;

struct Wanted {
  Options options;
  SeedRange seeds;
  std::optional<std::string> trace_file;
  bool whole_story = false;
};

void print_failure(const Report& report, const Report& again, const Wanted& wanted) {
  const auto* hint = !wanted.trace_file ? " (record it with --trace FILE)" : "";
  std::printf("seed %llu: %s\n  at %.3f s of virtual time%s; %s:\n", static_cast<unsigned long long>(report.seed),
              report.violation.c_str(), report.violated_at_s, hint,
              wanted.whole_story ? "all events" : "the last events");
  const auto first = again.trace.size() > kLastEvents && !wanted.whole_story ? again.trace.size() - kLastEvents : 0;
  for (auto i = first; i < again.trace.size(); ++i) std::printf("  %s\n", again.trace[i].c_str());
}

/// Whether it was written.
bool record(std::ofstream& out, const Report& report, const std::string& file) {
  if (!write_recordings(out, report)) {
    std::fprintf(stderr, "exitgate-sim: --trace: writing to %s failed, what is in it is not whole: %s\n", file.c_str(),
                 std::generic_category().message(errno).c_str());
    return false;
  }
  std::printf("recorded seed %llu%s in %s\n", static_cast<unsigned long long>(report.seed),
              report.violation.empty() ? "" : ", which failed,", file.c_str());
  return true;
}

int run(const Wanted& wanted) {
  std::ofstream trace;
  if (wanted.trace_file) {
    // Before anything runs: an hour of seeds is not to end with a path that can't be written.
    trace.open(*wanted.trace_file, std::ios::binary | std::ios::trunc);
    if (!trace) {
      std::fprintf(stderr, "exitgate-sim: --trace: %s can't be written: %s; nothing was run\n",
                   wanted.trace_file->c_str(), std::generic_category().message(errno).c_str());
      return 2;
    }
  }
  // SQLite's count of memory in use is one lock for all threads.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const auto outcome = run_seeds(wanted.options, wanted.seeds);
  std::fputs(summary_text(outcome.totals, outcome.seconds).c_str(), stdout);
  const auto worth = seed_to_record(outcome, wanted.seeds);
  std::optional<Report> to_record;
  for (const auto& failure : outcome.failures) {
    auto again = run_again(wanted.options, failure.seed);
    print_failure(failure, again, wanted);
    if (failure.seed == worth) to_record = std::move(again);
  }
  bool recorded = true;
  if (trace.is_open()) {
    if (!to_record) to_record = run_again(wanted.options, worth);
    recorded = record(trace, *to_record, *wanted.trace_file);
  }
  if (!outcome.failures.empty()) return 1;
  return recorded ? 0 : 2;
}

}  // namespace
}  // namespace exitgate::sim

int main(int argc, char** argv) {
  using namespace exitgate::sim;
  CLI::App app("The whole controller on a virtual clock, with an oracle");
  Wanted wanted;
  auto& options = wanted.options;
  std::string seed = "1";
  std::string seeds;
  app.add_option("--seed", seed, "one seed");
  app.add_option("--seeds", seeds, "a range: A..B")->excludes("--seed");
  app.add_option("--exits", options.exits, "exits of each seed")->check(CLI::Range(1, 10000000));
  app.add_option("--lanes", options.lanes, "lanes of each box; else the seed says")->check(CLI::Range(1, 32));
  app.add_option("--boxes", options.boxes, "boxes of the store; else the seed says")->check(CLI::Range(1, 2));
  app.add_option("--trace", wanted.trace_file,
                 "record the first seed that fails, else the first, into this file, for --replay");
  std::optional<std::string> replay;
  bool verbose = false;
  app.add_option("--replay", replay, "replay a file of --trace or of `exitgate trace`; no seed is run");
  app.add_flag("--verbose", verbose, "with --replay: every step; else: the whole story of a violation, not its end");
  std::vector<std::string> without;
  app.add_option("--without", without, "kinds of faults to leave out")
      ->check(CLI::IsMember(std::vector<std::string>(kFaultKindNames.begin(), kFaultKindNames.end())));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (replay) return replay_file(*replay, verbose);
  for (std::size_t i = 0; i < kFaultKindCount; ++i) {
    for (const auto& name : without) options.faults[i] = options.faults[i] && name != kFaultKindNames[i];
  }
  const bool many = app.count("--seeds") > 0;
  const auto parsed = many ? seed_range_from(seeds) : one_seed_from(seed);
  if (!parsed) {
    std::fprintf(stderr, "exitgate-sim: %s: %s\n", many ? "--seeds" : "--seed", parsed.error().message.c_str());
    return 2;
  }
  wanted.seeds = *parsed;
  wanted.whole_story = verbose;
  options.trace_lines = verbose ? 0 : kLastEvents;
  return run(wanted);
}
