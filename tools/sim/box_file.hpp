// The store file of a simulated box, as a seed draws it and as its installer changes it later: the lanes, the modules
// their eyes and drives are wired to, the offline policy. A value.
#pragma once

#include <string>
#include <vector>

#include "core/lane_config.hpp"
#include "tools/sim/dice.hpp"

namespace exitgate::sim {

struct LaneKind {
  LaneMode mode = LaneMode::kCart;
  bool limits = true;
  bool pulse = false;
  bool accessible = false;
  bool slow = false;          ///< accessible, or was before a reload: until it is empty it goes by the longer times
  bool shares = false;        ///< the receiver of the lane before it
  std::size_t eyes_on = 0;    ///< the module of its inputs
  std::size_t drives_on = 0;  ///< and of its outputs
  [[nodiscard]] Duration join_gap() const { return LaneTiming::defaults(slow).join_gap; }
};

/// The fire panel is wired to the first module.
inline constexpr std::size_t kPanelOn = 0;

struct BoxFile {
  std::vector<LaneKind> lanes;
  std::vector<bool> drops;  ///< by module: its outputs fall when nobody talks to it
  OfflinePolicyConfig policy;

  [[nodiscard]] std::size_t receiver_of(std::size_t lane) const { return lanes[lane].shares ? lane - 1 : lane; }
  /// The devices are the modules, then a receiver for each lane.
  [[nodiscard]] DeviceId receiver_id(std::size_t receiver) const {
    return static_cast<DeviceId>(drops.size() + receiver);
  }
  /// Whether a lane can't go on without the module.
  [[nodiscard]] bool needs(std::size_t lane, std::size_t module) const {
    return module == kPanelOn || lanes[lane].eyes_on == module || lanes[lane].drives_on == module;
  }
  [[nodiscard]] GateConfig config(const std::string& gate) const;
};

[[nodiscard]] BoxFile draw_file(Dice& dice, int lanes);

/// What a reload takes over lane by lane: policy, modes, timings.
void edit(Dice& dice, BoxFile& file);

}  // namespace exitgate::sim
