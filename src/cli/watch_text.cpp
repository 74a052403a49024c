#include "cli/watch_text.hpp"

#include <algorithm>
#include <boost/json/array.hpp>

#include "cli/daemon.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

/// Rows kept for events whatever else there is to show.
constexpr std::size_t kEventRows = 4;

json::array most_telling(const json::array& lanes, std::size_t count) {
  json::array chosen;
  for (const bool idle : {false, true}) {
    for (const auto& lane : lanes) {
      if (chosen.size() < count && (text_at(lane, "phase") == "idle") == idle) chosen.push_back(lane);
    }
  }
  return chosen;
}

}  // namespace

Lines watch_screen(const json::value& status, const std::deque<std::string>& events, std::size_t width,
                   std::size_t height, bool colours) {
  Lines lines = heading_lines(status, width, colours);
  const auto add = [&](const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); };
  const auto& faults = array_at(status, "faults");
  const auto& lanes = array_at(status, "lanes");
  const std::size_t fault_rows = faults.empty() ? 0 : std::min<std::size_t>(faults.size(), 5) + 1;
  const std::size_t fixed = lines.size() + 1 + fault_rows + kEventRows;
  const std::size_t lane_rows = height > fixed ? height - fixed : 1;
  if (lanes.size() <= lane_rows) {
    add(lane_lines(lanes, width, colours));
  } else {
    const auto shown = lane_rows > 1 ? lane_rows - 1 : 1;
    add(lane_lines(most_telling(lanes, shown), width, colours));
    lines.push_back(cut(std::to_string(lanes.size() - shown) + " more lanes; see `exitgate status`", width));
  }
  auto fault_text = faults.empty() ? Lines{} : fault_lines(faults, width, colours);
  if (fault_text.size() > fault_rows) {
    fault_text.resize(fault_rows);
    fault_text.back() = cut(std::to_string(faults.size() - fault_rows + 2) + " more faults", width);
  }
  add(fault_text);
  const std::size_t room = height > lines.size() ? height - lines.size() : 0;
  for (auto i = events.size() - std::min(room, events.size()); i < events.size(); ++i) lines.push_back(events[i]);
  if (lines.size() > height) lines.resize(height);
  return lines;
}

}  // namespace exitgate::cli
