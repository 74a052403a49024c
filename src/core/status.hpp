// What the controller shows of itself: phases, faults, public events and the snapshot behind GET /api/v1/status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "base/wall_time.hpp"
#include "core/lane_config.hpp"

namespace exitgate {

/// The names are used alike in logs, API, metrics and pages (lane contract §2).
enum class Phase : std::uint8_t {
  kRecovering,
  kIdle,
  kPresent,
  kDeciding,
  kAdmitting,
  kPassing,
  kClearing,
  kClosing,
  kRefused,
  kReleased,
  kHeldOpen,
  kFaulted,
  kOutOfService,
};
inline constexpr std::size_t kPhaseCount = 13;
[[nodiscard]] std::string_view to_string(Phase phase);

/// Reasons shown to the shopper (lane contract §4).
enum class ShownReason : std::uint8_t { kFinishOnCart, kPaymentFailed, kAlreadyUsed, kSeeStaff, kCartNotRecognised };
[[nodiscard]] std::string_view to_string(ShownReason reason);

enum class FaultCode : std::uint8_t {
  kApproachBlocked,
  kBackendCredentials,
  kBackendOffline,
  kBackendProtocol,
  kBeaconForgery,
  kCartClock,
  kCertificateExpiry,
  kClockUnsynchronised,
  kClockWrong,
  kObstructed,
  kOutputLost,
  kQueueHigh,
  kReceiptNotDurable,
  kReceiptRejected,
  kReceiverDown,  // warning
  kBarrierStuckClosed,
  kBarrierStuckOpen,
  kDeviceDown,
  kEyeStuck,
  kFireInputLost,
  kInvariantViolated,
  kLimitsContradict,  // lane_down
  kStorageDamaged,
  kStorageFull,  // box_down
};
inline constexpr std::size_t kFaultCodeCount = 24;
enum class Severity : std::uint8_t { kWarning, kLaneDown, kBoxDown };
[[nodiscard]] std::string_view to_string(FaultCode code);
[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] Severity default_severity(FaultCode code);

struct Fault {
  FaultCode code = FaultCode::kObstructed;
  Severity severity = Severity::kWarning;
  std::string part;  ///< "box", "lane:ID" or "device:NAME"
  WallTime since{};
  std::string advice;
};

enum class PublicEventType : std::uint8_t {
  kPhase,
  kVerdict,
  kPassage,
  kReceipt,
  kFault,
  kCommand,
  kAlarm,
  kDevice,
  kBackend,
  kConfig
};
[[nodiscard]] std::string_view to_string(PublicEventType type);

using FieldValue = std::variant<bool, std::int64_t, double, std::string>;
/// One server-sent event of GET /api/v1/events, and one line of the journal. `at` and `lane_id` come first in its JSON.
struct PublicEvent {
  PublicEventType type = PublicEventType::kPhase;
  WallTime at{};
  std::optional<LaneId> lane_id;
  std::vector<std::pair<std::string_view, FieldValue>> fields;  ///< names are string literals
};

enum class BarrierPosition : std::uint8_t { kOpen, kClosed, kMoving, kUnknown };
[[nodiscard]] std::string_view to_string(BarrierPosition position);

struct LaneStatus {
  LaneId id;
  LaneMode mode = LaneMode::kCart;
  Phase phase = Phase::kRecovering;
  std::optional<std::string> reason;
  BarrierPosition barrier = BarrierPosition::kUnknown;
  std::vector<Fault> faults;
  WallTime since{};
};

struct DeviceStatus {
  ShortId name;
  bool up = false;
  WallTime since{};
};

/// The controller's part of GET /api/v1/status; version, clock and receipts are added by the shell.
struct ControllerStatus {
  bool backend_online = false;
  WallTime backend_since{};
  std::vector<DeviceStatus> devices;  ///< in the order of the store file
  std::vector<Fault> faults;          ///< all of them
  std::vector<LaneStatus> lanes;
};

}  // namespace exitgate
