// What came of many seeds together, as text for people.
#pragma once

#include <string>

#include "tools/sim/options.hpp"

namespace exitgate::sim {

using Coverage = decltype(Report::coverage);

struct Totals {
  std::int64_t seeds = 0, exits = 0, openings = 0, receipts = 0, steps = 0;
  double store_hours = 0, lane_hours = 0;
  std::array<std::int64_t, kFaultKindCount> injected{};
  DiskCounts disk;
  Coverage coverage{};

  void add(const Report& report);
};

/// How many pairs of phase and event were seen, which events never, and which pairs were not when these are few.
[[nodiscard]] std::string coverage_text(const Coverage& coverage);
/// Lines, each with its line feed.
[[nodiscard]] std::string summary_text(const Totals& totals, double seconds);

}  // namespace exitgate::sim
