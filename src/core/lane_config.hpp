// What the core is told of a store: lanes, their points and times, and the policies. Validated by config/ before
// it gets here; defaults are those of the lane and operation contracts. Durations are monotonic.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"

namespace exitgate {

enum class LaneMode : std::uint8_t { kCart, kWalkout, kMixed };
[[nodiscard]] std::string_view to_string(LaneMode mode);
[[nodiscard]] std::optional<LaneMode> parse_lane_mode(std::string_view text);

/// Index into the store's table of points; the shell maps it to a device's point and its polarity.
using PointId = std::uint16_t;
/// Index into the store's table of devices, in the order of the store file.
using DeviceId = std::uint16_t;
using LaneIndex = std::uint16_t;

enum class InputRole : std::uint8_t {
  kApproach,
  kSafety,
  kExit,
  kPassage,
  kBarrierOpen,
  kBarrierClosed,
  kRelease,
  kStaffKey
};
inline constexpr std::size_t kInputRoleCount = 8;
enum class OutputRole : std::uint8_t { kBarrier, kOpenPulse, kHoldOpen, kSignalGreen, kSignalRed, kBuzzer };
inline constexpr std::size_t kOutputRoleCount = 6;
/// Names as in the store file: "approach", "open_pulse", ….
[[nodiscard]] std::string_view to_string(InputRole role);
[[nodiscard]] std::string_view to_string(OutputRole role);

struct InputBinding {
  PointId point = 0;
  DeviceId device = 0;
  Duration debounce = milliseconds{20};
};
struct OutputBinding {
  PointId point = 0;
  DeviceId device = 0;
  /// barrier and hold_open: the coil is energised while the barrier is commanded closed (true) or open (false).
  bool energised_closed = true;
};

struct LaneTiming {
  Duration no_beacon = milliseconds{2500};
  Duration bind_wait = milliseconds{400};
  Duration ambiguity = milliseconds{2000};
  Duration durable = milliseconds{150};
  Duration lapse = milliseconds{8000};
  Duration close_delay = milliseconds{700};
  Duration open_travel = milliseconds{3000};
  Duration close_travel = milliseconds{5000};
  Duration join_gap = milliseconds{1500};
  Duration party_gap = milliseconds{4000};
  Duration loiter = milliseconds{15000};
  Duration stuck = milliseconds{60000};
  Duration stale = milliseconds{100};
  Duration device_lost = milliseconds{1000};
  Duration settle = milliseconds{1000};
  Duration pulse = milliseconds{100};
  /// The defaults of the lane contract; `accessible` lengthens lapse, close_delay, join_gap and party_gap.
  [[nodiscard]] static LaneTiming defaults(bool accessible);
};

struct LaneConfig {
  LaneId id;
  LaneMode mode = LaneMode::kCart;
  std::optional<DeviceId> receiver;
  bool accessible = false;
  std::array<std::optional<InputBinding>, kInputRoleCount> inputs{};
  std::array<std::optional<OutputBinding>, kOutputRoleCount> outputs{};
  LaneTiming timing;

  [[nodiscard]] const std::optional<InputBinding>& input(InputRole role) const {
    return inputs[static_cast<std::size_t>(role)];
  }
  [[nodiscard]] std::optional<InputBinding>& input(InputRole role) { return inputs[static_cast<std::size_t>(role)]; }
  [[nodiscard]] const std::optional<OutputBinding>& output(OutputRole role) const {
    return outputs[static_cast<std::size_t>(role)];
  }
  [[nodiscard]] std::optional<OutputBinding>& output(OutputRole role) {
    return outputs[static_cast<std::size_t>(role)];
  }
  [[nodiscard]] bool pulse_drive() const { return output(OutputRole::kOpenPulse).has_value(); }
};

struct BeaconPolicy {
  double near_dbm = -75;
  double margin_db = 3;
  Duration dwell = milliseconds{300};
  Duration smoothing = milliseconds{400};
  int max_age_s = 30;
};

struct OfflinePolicyConfig {
  bool signed_passes = true;
  bool admit_carts = false;
  bool admit_walkouts = true;
  bool admit_mixed_walkouts = false;
  int max_outage_minutes = 240;
  int max_exits_per_hour = 60;
  std::int64_t max_total_minor = 500000;
  std::int64_t assumed_total_minor = 5000;
};

enum class DeviceKind : std::uint8_t { kDigital, kReceiver };

struct DeviceConfigCore {
  ShortId name;
  DeviceKind kind = DeviceKind::kDigital;
};

/// Everything the controller needs of a store file.
struct GateConfig {
  ShortId store_id;
  ShortId gate_id;
  std::vector<DeviceConfigCore> devices;
  std::vector<LaneConfig> lanes;
  std::optional<InputBinding> fire_alarm;
  std::optional<OutputBinding> alive;
  std::optional<OutputBinding> healthy;
  BeaconPolicy beacons;
  OfflinePolicyConfig offline;
  Duration confirm_timeout = milliseconds{800};
};

}  // namespace exitgate
