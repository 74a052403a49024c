// The picture for people: every lane with its barrier, eyes, people and carts, in 80 columns. Pure: values in, text
// out.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tools/rig/gate_report.hpp"
#include "tools/rig/plant.hpp"

namespace exitgate::rig {

struct LiveViewInput {
  std::string title;
  Duration elapsed{0};
  Duration length{0};
  bool fire = false;
  const std::vector<LaneOnPlant>* lanes = nullptr;
  std::optional<GateStatus> gate;  ///< nothing: the daemon does not answer
  std::deque<std::string> events;  ///< newest last
};

/// Lines without escape sequences for cursor movement; `colour` adds those for colour. Four lanes fit 24 lines.
[[nodiscard]] std::vector<std::string> live_view(const LiveViewInput& input, bool colour);
/// One lane's floor: barrier, people `o`, carts `▒`, from −5 m to +5 m in 78 columns.
[[nodiscard]] std::string floor_line(const LaneModel& lane);

}  // namespace exitgate::rig
