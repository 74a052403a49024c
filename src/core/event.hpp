// What goes into the controller and what comes out: plain values (design: "Way of the data").
// Every result of a command comes back as another event, so an error is data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "base/result.hpp"
#include "base/wall_time.hpp"
#include "core/backend_messages.hpp"
#include "core/lane_config.hpp"
#include "core/persist.hpp"
#include "core/status.hpp"

namespace exitgate {

/// The time of one step, frozen for all of it.
struct Now {
  MonoTime mono{};
  WallTime wall{};     ///< stamps records
  WallTime judging{};  ///< judges expiry: equals wall, or the clock's floor while unsynchronised
  bool synchronised = true;
  std::int64_t boot_ms = 0;  ///< CLOCK_BOOTTIME
};

using QuestionId = std::uint64_t;
using Ticket = std::uint64_t;

// --- events ----------------------------------------------------------------------------------------------------

struct PointLevel {
  PointId point = 0;
  bool on = false;  ///< inputs: active; outputs: energised
  MonoTime at{};
};
/// A completed read of all inputs of a device; `changes` in the order they happened.
struct InputsPolled {
  DeviceId device = 0;
  std::vector<PointLevel> changes;
};
struct OutputsRead {
  DeviceId device = 0;
  std::vector<PointLevel> levels;
};
struct OutputWritten {
  PointId point = 0;
  bool energised = false;
  bool ok = true;
};
struct DeviceUp {
  DeviceId device = 0;
};
struct DeviceDown {
  DeviceId device = 0;
  std::string why;
};

enum class BeaconState : std::uint8_t { kIdle, kShopping, kClosing, kClosed, kNeedsAssistance };
/// An authentic, fresh presence frame.
struct BeaconHeard {
  DeviceId receiver = 0;
  CartId cart_id = 0;
  BeaconState state = BeaconState::kIdle;
  SessionTag session_tag;
  std::optional<int> rssi_dbm;  ///< nothing: the report carried none
  int tx_dbm = -59;             ///< measured power at 1 m
};
/// An authentic frame outside its time window: it binds nothing, but a cart is there.
struct MistimedHeard {
  BeaconHeard frame;
};
/// An authentic pass of a cart that is present.
struct PassHeard {
  CartId cart_id = 0;
  SessionTag session_tag;
  Uuid session_id;
  WallTime closed_at{};
  WallTime expires_at{};
  std::uint16_t party_size = 1;
  std::optional<Money> total;
  Bytes raw;
};
/// Good MAC, but stale or replayed for 2 s: the cart's clock is wrong.
struct CartClockNotice {
  CartId cart_id = 0;
  std::vector<DeviceId> receivers;  ///< that hear it
  bool suspect = true;              ///< its lane says see_staff
  bool fault = true;                ///< the warning stands; outlasts `suspect`
};

struct AnswerArrived {
  QuestionId question = 0;
  ConfirmAnswer answer;
};
struct BackendConnected {
  bool connected = false;
  std::string why;
};
struct StreamArrived {
  StreamEvent event;
  std::string id;
};
struct Persisted {
  Ticket ticket = 0;
  Status status;
};

enum class StaffVerb : std::uint8_t { kOpen, kHoldOpen, kReleaseHold, kOutOfService, kInService, kReset, kMode };
struct StaffCommand {
  std::uint64_t request = 0;
  std::optional<LaneId> lane;  ///< nothing: all
  StaffVerb verb = StaffVerb::kOpen;
  std::string by;
  std::string reason;
  std::optional<LaneMode> mode;
  std::string user;  ///< "uid:1000" or the API user, recorded beside `by`
};
/// A fault found outside the controller (storage, certificates, clock, credentials).
struct ShellFault {
  FaultCode code{};
  std::string part = "box";
  bool active = true;
  std::string advice;
  std::optional<Severity> severity = std::nullopt;  ///< nothing: the code's own
};
struct StorageState {
  bool full = false;
  bool begun_anew = false;  ///< a database damaged while running was replaced: what is known is written there again
};
/// A deadline was reached.
struct Tick {};
/// A new store file was accepted; lanes take it over one by one.
struct Reconfigure {
  GateConfig config;
};

using Event = std::variant<InputsPolled, OutputsRead, OutputWritten, DeviceUp, DeviceDown, BeaconHeard, MistimedHeard,
                           PassHeard, CartClockNotice, AnswerArrived, BackendConnected, StreamArrived, Persisted,
                           StaffCommand, ShellFault, StorageState, Tick, Reconfigure>;

// --- commands --------------------------------------------------------------------------------------------------

struct WriteOutput {
  PointId point = 0;
  bool energised = false;
};
struct ReadOutputs {
  DeviceId device = 0;
};
struct Ask {
  QuestionId question = 0;
  ConfirmRequest request;
};
/// One durable transaction; answered with Persisted of the same ticket.
struct Persist {
  Ticket ticket = 0;
  std::vector<StoreWrite> writes;
};
struct Publish {
  PublicEvent event;
};
/// The end of a StaffCommand: `status` is an error with the API's code when it did not take effect.
struct CommandDone {
  std::uint64_t request = 0;
  Status status;
};

using Command = std::variant<WriteOutput, ReadOutputs, Ask, Persist, Publish, CommandDone>;

/// Where ids come from: random on a gate, seeded in a simulation.
class IdSource {
 public:
  virtual ~IdSource() = default;
  /// A UUIDv7 stamped `at`.
  virtual Uuid next(WallTime at) = 0;
};

}  // namespace exitgate
