#include "tools/sim/totals.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace exitgate::sim {
namespace {

constexpr std::array kEventNames{
    "InputsPolled",     "OutputsRead",   "OutputWritten", "DeviceUp",        "DeviceDown",
    "BeaconHeard",      "MistimedHeard", "PassHeard",     "CartClockNotice", "AnswerArrived",
    "BackendConnected", "StreamArrived", "Persisted",     "StaffCommand",    "ShellFault",
    "StorageState",     "Tick",          "Reconfigure"};
static_assert(kEventNames.size() == kEventKinds);

/// More missing pairs than these are a matter of too few exits, and which they are tells nothing.
constexpr std::size_t kFewPairs = 20;

/// `head` and the parts behind it, in lines of at most 100 characters.
std::string wrapped(const std::string& head, const std::vector<std::string>& parts) {
  constexpr std::size_t kWidth = 100;
  std::string text;
  std::string line = head;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = parts[i] + (i + 1 < parts.size() ? "," : "");
    if (line.size() + 1 + part.size() > kWidth) {
      text += line + "\n";
      line = "   ";
    }
    line += " " + part;
  }
  return text + line + "\n";
}

}  // namespace

void Totals::add(const Report& report) {
  ++seeds;
  exits += report.exits;
  openings += report.openings;
  receipts += report.receipts;
  steps += report.steps;
  store_hours += report.virtual_hours;
  lane_hours += report.lane_hours;
  disk.add(report.disk);
  for (std::size_t i = 0; i < injected.size(); ++i) injected[i] += report.injected[i];
  for (std::size_t p = 0; p < kPhaseCount; ++p) {
    for (std::size_t e = 0; e < kEventKinds; ++e) coverage[p][e] += report.coverage[p][e];
  }
}

std::string coverage_text(const Coverage& coverage) {
  std::size_t seen = 0;
  std::string never;
  std::vector<std::string> missing;  // beside those of events that were never seen, which are named once
  for (std::size_t e = 0; e < kEventKinds; ++e) {
    std::vector<std::string> unseen;
    for (std::size_t p = 0; p < kPhaseCount; ++p) {
      if (coverage[p][e] > 0) continue;
      unseen.push_back(std::string(to_string(static_cast<Phase>(p))) + " x " + kEventNames[e]);
    }
    seen += kPhaseCount - unseen.size();
    if (unseen.size() == kPhaseCount) {
      never += (never.empty() ? "" : ", ") + std::string(kEventNames[e]);
    } else {
      missing.insert(missing.end(), unseen.begin(), unseen.end());
    }
  }
  constexpr auto kPairs = kPhaseCount * kEventKinds;
  auto text = "phase x event pairs seen: " + std::to_string(seen) + " of " + std::to_string(kPairs);
  if (!never.empty()) text += " (not at all: " + never + ")";
  text += "\n";
  if (!missing.empty() && kPairs - seen <= kFewPairs) text += wrapped("  missing:", missing);
  return text;
}

std::string summary_text(const Totals& totals, double seconds) {
  const auto rate = [&](double per) { return per > 0 ? static_cast<double>(totals.exits) / per : 0; };
  std::ostringstream text;
  text << std::fixed << std::setprecision(1);
  text << totals.seeds << " seeds, " << totals.exits << " exits, " << totals.openings << " openings, "
       << totals.receipts << " receipts, " << totals.steps << " steps\n"
       << totals.store_hours << " hours of store time, " << totals.lane_hours << " lane hours, "
       << rate(totals.lane_hours) << " exits per lane hour\n"
       << "in " << seconds << " s, " << std::setprecision(0) << rate(seconds) << " exits/s\n"
       << coverage_text(totals.coverage) << "faults:";
  for (std::size_t i = 0; i < kFaultKindCount; ++i) text << " " << kFaultKindNames[i] << " " << totals.injected[i];
  const auto& disk = totals.disk;
  text << "\ndisk: " << disk.operations << " operations, database opened " << disk.openings << " times, " << disk.kills
       << " kills, " << disk.power_cuts << " power cuts, " << disk.cuts_within << " deaths within an operation,\n  "
       << disk.torn_writes << " torn writes, " << disk.sectors_lost << " unsynced sectors lost and "
       << disk.sectors_kept << " kept,\n  failed: " << disk.read_errors << " reads, " << disk.write_errors
       << " writes, " << disk.sync_errors << " syncs, " << disk.full << " for want of space\n";
  return text.str();
}

}  // namespace exitgate::sim
