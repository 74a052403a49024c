// A [[lane]] while the file is read, and the rules it must keep. Private to config/.
#pragma once

#include <optional>
#include <vector>

#include "config/point_table.hpp"
#include "config/section.hpp"
#include "core/lane_config.hpp"

namespace exitgate::config {

struct LaneDraft {
  Section section;
  std::optional<Section> inputs;
  std::optional<Section> outputs;
  std::optional<Section> timing;
  LaneConfig lane;
};

/// Drive and inputs of a lane fit each other, and what moves the barrier fails open (lane contract, section 1).
void judge_lane(const LaneDraft& draft, PointTable& points, bool has_alive);
/// Inputs are read often enough for stale_ms. After all points are known.
void judge_polling(const LaneDraft& draft, const std::vector<DeviceDraft>& devices);

}  // namespace exitgate::config
