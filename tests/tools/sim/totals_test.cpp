// What a run of many seeds says of itself in the end.
#include "tools/sim/totals.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

namespace exitgate::sim {
namespace {

constexpr auto kIdle = static_cast<std::size_t>(Phase::kIdle);
constexpr auto kClosing = static_cast<std::size_t>(Phase::kClosing);
constexpr std::size_t kInputsPolled = 0;
constexpr std::size_t kTick = 16;
constexpr std::size_t kReconfigure = 17;

Coverage all_seen() {
  Coverage coverage;
  for (auto& phase : coverage) phase.fill(1);
  return coverage;
}

}  // namespace

TEST_CASE("when every pair of phase and event came up the coverage is one line") {
  CHECK(coverage_text(all_seen()) == "phase x event pairs seen: 234 of 234\n");
}

TEST_CASE("few missing pairs are named; an event that never came is named once") {
  auto coverage = all_seen();
  coverage[kIdle][kTick] = 0;
  coverage[kClosing][kInputsPolled] = 0;
  CHECK(coverage_text(coverage) ==
        "phase x event pairs seen: 232 of 234\n  missing: closing x InputsPolled, idle x Tick\n");
  for (auto& phase : coverage) phase[kReconfigure] = 0;
  CHECK(coverage_text(coverage) ==
        "phase x event pairs seen: 219 of 234 (not at all: Reconfigure)\n"
        "  missing: closing x InputsPolled, idle x Tick\n");
}

TEST_CASE("twenty missing pairs are named in lines that fit a terminal, twenty-one are not") {
  auto coverage = all_seen();
  for (std::size_t i = 0; i < 20; ++i) coverage[i % 12][i / 12] = 0;
  const auto text = coverage_text(coverage);
  CHECK(std::count(text.begin(), text.end(), ',') == 19);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
  coverage[kClosing][kTick] = 0;
  CHECK(coverage_text(coverage) == "phase x event pairs seen: 213 of 234\n");
}

TEST_CASE("a lane hour is an hour of one lane: three lanes at two boxes make six of an hour of the store") {
  Options options;
  options.exits = 10;
  options.lanes = 3;
  options.boxes = 2;
  options.faults.fill(false);
  Totals totals;
  totals.add(run_seed(options));
  REQUIRE(totals.store_hours > 0);
  CHECK(std::abs(totals.lane_hours - 6 * totals.store_hours) < 1e-9);
  totals.store_hours = 2;
  totals.lane_hours = 12;
  totals.exits = 90;
  CHECK(summary_text(totals, 3).find("\n2.0 hours of store time, 12.0 lane hours, 7.5 exits per lane hour\n"
                                     "in 3.0 s, 30 exits/s\n") != std::string::npos);
}

}  // namespace exitgate::sim
