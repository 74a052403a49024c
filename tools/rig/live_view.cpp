#include "tools/rig/live_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace exitgate::rig {
namespace {

constexpr std::size_t kColumns = 78;
constexpr double kFromM = -5.0;
constexpr double kToM = 5.0;
constexpr std::size_t kEventLines = 4;

constexpr const char* kRed = "\x1b[31m";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kBold = "\x1b[1m";
constexpr const char* kPlain = "\x1b[0m";

std::string painted(const std::string& text, const char* colour, bool wanted) {
  return wanted ? colour + text + kPlain : text;
}

std::size_t column(double place_m) {
  const double share = (place_m - kFromM) / (kToM - kFromM);
  return static_cast<std::size_t>(std::clamp(std::floor(share * kColumns), 0.0, static_cast<double>(kColumns - 1)));
}

void draw(std::array<std::string, kColumns>& cells, const Walker& walker) {
  for (std::size_t i = 0; i < walker.spec.bodies.size(); ++i) {
    const Body& body = walker.spec.bodies[i];
    const bool cart = walker.spec.bodies.size() > 1 && i == 0;
    const double near =
        walker.spec.way == Way::kOut ? walker.front_m - body.behind_m - body.length_m : walker.front_m + body.behind_m;
    const double far = near + body.length_m;
    if (far < kFromM || near > kToM) continue;
    if (!cart) {
      cells[column((near + far) / 2)] = walker.spec.way == Way::kIn ? "<" : walker.turned_back ? "ø" : "o";
      continue;
    }
    for (std::size_t at = column(near); at <= column(far); ++at) cells[at] = "▒";
  }
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text.substr(0, width);
}

std::string eye(const char* name, bool blocked, bool colour) {
  return painted(std::string(blocked ? "■" : "□") + name, blocked ? kRed : kPlain, colour && blocked);
}

std::string barrier_word(const Barrier& barrier) {
  if (barrier.open_contact()) return "open";
  if (barrier.closed_contact()) return "closed";
  return barrier.closing() ? "closing" : "opening";
}

std::string lane_line(const LaneOnPlant& lane, const std::optional<GateStatus>& gate, bool colour) {
  LanePhase phase{"", "no answer", ""};
  if (gate) {
    const auto found = gate->lanes.find(lane.spec.id);
    if (found != gate->lanes.end()) phase = found->second;
  }
  const Lamps& lamps = lane.model.lamps();
  const LaneSignals& signals = lane.model.signals();
  const std::string lamp = lamps.green ? painted("● GO  ", kGreen, colour)
                           : lamps.red ? painted("● STOP", kRed, colour)
                                       : "○     ";
  std::string text = painted("Lane " + padded(lane.spec.id, 3), kBold, colour) + padded(phase.mode, 8) + lamp + " " +
                     padded(phase.phase + (phase.reason.empty() ? "" : ": " + phase.reason), 31);
  text += eye("a ", signals.approach, colour) + eye("s ", signals.safety, colour) + eye("x ", signals.exit, colour);
  return text + barrier_word(lane.model.barrier()) + (lamps.buzzer ? " ♪" : "");
}

}  // namespace

std::string floor_line(const LaneModel& lane) {
  std::array<std::string, kColumns> cells;
  cells.fill("·");
  const LaneGeometry& geometry = lane.geometry();
  cells[column(geometry.exit_to_m)] = ":";
  const double opening = lane.barrier().opening();
  cells[column(0)] = opening >= 0.95 ? "'" : opening > 0.05 ? "/" : "█";
  for (const auto& walker : lane.walkers()) {
    if (!walker.gone) draw(cells, walker);
  }
  for (const auto& reach : lane.reaches()) {
    if (reach.began_at && !reach.ended) cells[column(0.25)] = "~";
  }
  std::string text;
  for (const auto& cell : cells) text += cell;
  return text;
}

std::vector<std::string> live_view(const LiveViewInput& input, bool colour) {
  std::vector<std::string> lines;
  const auto seconds =
      std::to_string(to_ms(input.elapsed) / 1000) + "/" + std::to_string(to_ms(input.length) / 1000) + " s";
  std::string head = painted(padded(input.title, 40), kBold, colour) + padded(seconds, 12);
  if (input.fire) head += painted("FIRE ALARM", kRed, colour);
  lines.push_back(head);
  std::string gate = "gate: not answering";
  if (input.gate) {
    gate = std::string("backend ") + (input.gate->backend_online ? "online" : painted("OFFLINE", kRed, colour)) + ", " +
           std::to_string(input.gate->receipts_queued) + " receipts queued, " +
           std::to_string(input.gate->faults.size()) + " faults";
    if (!input.gate->faults.empty()) gate += ": " + input.gate->faults.front();
  }
  lines.push_back(gate);
  for (const auto& lane : *input.lanes) {
    lines.push_back(lane_line(lane, input.gate, colour));
    lines.push_back(floor_line(lane.model));
    lines.emplace_back();
  }
  const std::size_t shown = std::min(kEventLines, input.events.size());
  for (std::size_t i = input.events.size() - shown; i < input.events.size(); ++i)
    lines.push_back(input.events[i].substr(0, kColumns));
  return lines;
}

}  // namespace exitgate::rig
