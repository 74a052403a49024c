// The names of the core's enumerations, as the contracts spell them.
#include <algorithm>
#include <array>

#include "core/backend_messages.hpp"
#include "core/lane_config.hpp"
#include "core/status.hpp"

namespace exitgate {
namespace {

template <std::size_t N, class Enum>
std::string_view name(const std::array<std::string_view, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

constexpr std::array<std::string_view, 3> kModes{"cart", "walkout", "mixed"};

}  // namespace

std::string_view to_string(Stage stage) {
  static constexpr std::array<std::string_view, 4> kNames{"ahead", "present", "admitted", "lapsed"};
  return name(kNames, stage);
}
std::string_view to_string(AdmitReason reason) {
  static constexpr std::array<std::string_view, 3> kNames{"closed", "settled_at_till", "nothing_bought"};
  return name(kNames, reason);
}
std::string_view to_string(RefuseReason reason) {
  static constexpr std::array<std::string_view, 5> kNames{"session_open", "payment_failed", "unknown_session",
                                                          "inspection", "already_used"};
  return name(kNames, reason);
}
std::string_view to_string(LaneMode mode) { return name(kModes, mode); }
std::optional<LaneMode> parse_lane_mode(std::string_view text) {
  const auto found = std::find(kModes.begin(), kModes.end(), text);
  if (found == kModes.end()) return std::nullopt;
  return static_cast<LaneMode>(found - kModes.begin());
}
std::string_view to_string(InputRole role) {
  static constexpr std::array<std::string_view, kInputRoleCount> kNames{
      "approach", "safety", "exit", "passage", "barrier_open", "barrier_closed", "release", "staff_key"};
  return name(kNames, role);
}
std::string_view to_string(OutputRole role) {
  static constexpr std::array<std::string_view, kOutputRoleCount> kNames{"barrier",      "open_pulse", "hold_open",
                                                                         "signal_green", "signal_red", "buzzer"};
  return name(kNames, role);
}
std::string_view to_string(Phase phase) {
  static constexpr std::array<std::string_view, kPhaseCount> kNames{
      "recovering", "idle",    "present",  "deciding",  "admitting", "passing",       "clearing",
      "closing",    "refused", "released", "held_open", "faulted",   "out_of_service"};
  return name(kNames, phase);
}
std::string_view to_string(ShownReason reason) {
  static constexpr std::array<std::string_view, 5> kNames{"finish_on_cart", "payment_failed", "already_used",
                                                          "see_staff", "cart_not_recognised"};
  return name(kNames, reason);
}
std::string_view to_string(FaultCode code) {
  static constexpr std::array<std::string_view, kFaultCodeCount> kNames{
      "approach_blocked",     "backend_credentials", "backend_offline",      "backend_protocol", "beacon_forgery",
      "cart_clock",           "certificate_expiry",  "clock_unsynchronised", "clock_wrong",      "obstructed",
      "output_lost",          "queue_high",          "receipt_not_durable",  "receipt_rejected", "receiver_down",
      "barrier_stuck_closed", "barrier_stuck_open",  "device_down",          "eye_stuck",        "fire_input_lost",
      "invariant_violated",   "limits_contradict",   "storage_damaged",      "storage_full"};
  return name(kNames, code);
}
std::string_view to_string(Severity severity) {
  static constexpr std::array<std::string_view, 3> kNames{"warning", "lane_down", "box_down"};
  return name(kNames, severity);
}
Severity default_severity(FaultCode code) {
  if (code >= FaultCode::kStorageDamaged) return Severity::kBoxDown;
  return code >= FaultCode::kBarrierStuckClosed ? Severity::kLaneDown : Severity::kWarning;
}
std::string_view to_string(PublicEventType type) {
  static constexpr std::array<std::string_view, 10> kNames{"phase",   "verdict", "passage", "receipt", "fault",
                                                           "command", "alarm",   "device",  "backend", "config"};
  return name(kNames, type);
}
std::string_view to_string(BarrierPosition position) {
  static constexpr std::array<std::string_view, 4> kNames{"open", "closed", "moving", "unknown"};
  return name(kNames, position);
}

LaneTiming LaneTiming::defaults(bool accessible) {
  LaneTiming timing;
  if (accessible) {
    timing.lapse = milliseconds{20000};
    timing.close_delay = milliseconds{2000};
    timing.join_gap = milliseconds{3000};
    timing.party_gap = milliseconds{8000};
  }
  return timing;
}

}  // namespace exitgate
