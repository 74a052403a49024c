#include "tools/sim/box_file.hpp"

#include "tools/sim/points.hpp"

namespace exitgate::sim {
namespace {

LaneMode draw_mode(Dice& dice) { return static_cast<LaneMode>(dice.between(0, 2)); }

OfflinePolicyConfig draw_policy(Dice& dice) {
  OfflinePolicyConfig policy;
  policy.admit_carts = dice.chance(0.3);
  policy.admit_walkouts = dice.chance(0.7);
  policy.admit_mixed_walkouts = dice.chance(0.3);
  policy.max_exits_per_hour = dice.chance(0.5) ? dice.between(3, 30) : 1000;
  policy.max_total_minor = dice.chance(0.5) ? dice.between(10000, 200000) : 100000000;
  policy.max_outage_minutes = dice.chance(0.5) ? dice.between(2, 30) : 240;
  return policy;
}

LaneConfig lane_config(const BoxFile& file, std::size_t index) {
  const auto& kind = file.lanes[index];
  const auto in = [&](Eye eye) {
    return InputBinding{.point = point_of(index, static_cast<PointId>(eye)),
                        .device = static_cast<DeviceId>(kind.eyes_on)};
  };
  const auto out = [&](PointId point) {
    return OutputBinding{.point = point_of(index, point), .device = static_cast<DeviceId>(kind.drives_on)};
  };
  LaneConfig lane;
  lane.id = ShortId::of(std::to_string(index + 1));
  lane.mode = kind.mode;
  lane.accessible = kind.accessible;
  lane.timing = LaneTiming::defaults(kind.accessible);
  lane.receiver = file.receiver_id(file.receiver_of(index));
  lane.input(InputRole::kApproach) = in(Eye::kApproach);
  if (kind.pulse) {
    lane.input(InputRole::kPassage) = in(Eye::kPassage);
    lane.output(OutputRole::kOpenPulse) = out(kPulsePoint);
    lane.output(OutputRole::kHoldOpen) = out(kHoldPoint);
  } else {
    lane.input(InputRole::kSafety) = in(Eye::kSafety);
    lane.input(InputRole::kExit) = in(Eye::kExit);
    lane.output(OutputRole::kBarrier) = out(kBarrierPoint);
  }
  if (kind.limits && !kind.pulse) {
    lane.input(InputRole::kBarrierOpen) = in(Eye::kLimitOpen);
    lane.input(InputRole::kBarrierClosed) = in(Eye::kLimitClosed);
  }
  lane.output(OutputRole::kSignalGreen) = out(kGreenPoint);
  lane.output(OutputRole::kSignalRed) = out(kRedPoint);
  lane.input(InputRole::kRelease) = in(Eye::kRelease);
  lane.input(InputRole::kStaffKey) = in(Eye::kStaffKey);
  return lane;
}

}  // namespace

GateConfig BoxFile::config(const std::string& gate) const {
  GateConfig config;
  config.store_id = ShortId::of(kStoreName);
  config.gate_id = ShortId::of(gate);
  for (std::size_t i = 0; i < drops.size(); ++i)
    config.devices.push_back({ShortId::of("io" + std::to_string(i + 1)), DeviceKind::kDigital});
  for (std::size_t i = 0; i < lanes.size(); ++i)
    config.devices.push_back({ShortId::of("rx" + std::to_string(i + 1)), DeviceKind::kReceiver});
  for (std::size_t i = 0; i < lanes.size(); ++i) config.lanes.push_back(lane_config(*this, i));
  config.fire_alarm = InputBinding{.point = kFirePoint, .device = static_cast<DeviceId>(kPanelOn)};
  config.offline = policy;
  return config;
}

BoxFile draw_file(Dice& dice, int lanes) {
  BoxFile file;
  const int modules = dice.chance(0.5) ? 1 : dice.between(2, 3);
  for (int i = 0; i < modules; ++i) file.drops.push_back(dice.chance(0.5));
  const auto some_module = [&] { return static_cast<std::size_t>(dice.between(0, modules - 1)); };
  for (int i = 0; i < lanes; ++i) {
    LaneKind kind;
    kind.mode = draw_mode(dice);
    kind.limits = dice.chance(0.7);
    kind.pulse = dice.chance(0.15);
    kind.accessible = kind.slow = dice.chance(0.2);
    kind.shares = i > 0 && !file.lanes.back().shares && dice.chance(0.15);
    kind.eyes_on = some_module();
    kind.drives_on = dice.chance(0.7) ? kind.eyes_on : some_module();
    file.lanes.push_back(kind);
  }
  file.policy = draw_policy(dice);
  return file;
}

void edit(Dice& dice, BoxFile& file) {
  if (dice.chance(0.5)) file.policy = draw_policy(dice);
  for (auto& lane : file.lanes) {
    if (dice.chance(0.3)) lane.mode = draw_mode(dice);
    if (dice.chance(0.3)) lane.accessible = !lane.accessible;
    lane.slow = lane.slow || lane.accessible;
  }
}

}  // namespace exitgate::sim
