// Port: the running gate, as the control API and the command line see it.
//
// Ownership: the daemon implements it and outlives the API. Thread: all calls and callbacks on the loop's thread; no
// call blocks. Errors: values with the API's stable codes: lane_busy, held_open, no_effect, … (command); reload tells
// all findings in its message. Timing: `done` of command() comes when the command took effect or was refused, at most
// kCommandBound later; a command that was not done by then is dropped, never carried out afterwards. Public events are
// not part of this port: the daemon hands each to api::ControlApi::publish() and api::Metrics::on_event() as it
// happens.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "base/result.hpp"
#include "base/wall_time.hpp"
#include "core/event.hpp"
#include "core/status.hpp"
#include "ports/receipt_store.hpp"

namespace exitgate {

inline constexpr Duration kCommandBound = milliseconds{5000};

struct DeviceView {
  ShortId name;
  std::string driver;  ///< as in the store file: "modbus-tcp"
  bool up = false;
  WallTime since{};
};

/// GET /api/v1/status.
struct GateView {
  std::string version;
  ShortId store_id;
  ShortId gate_id;
  bool clock_synchronised = false;
  WallTime now{};  ///< the gate's clock: ages are taken from it
  bool backend_online = false;
  WallTime backend_since{};
  QueueStatus receipts;
  std::vector<DeviceView> devices;  ///< in the order of the store file
  std::vector<Fault> faults;        ///< all of them
  std::vector<LaneStatus> lanes;    ///< in the order of the store file
};

enum class PointQuality : std::uint8_t {
  kGood,
  kStale,   ///< read, but longer ago than its lane allows, or its device is down
  kUnread,  ///< never read since the start
};

/// One configured point. The electrical level and what is made of it.
struct PointView {
  std::string point;  ///< "io1/discrete/0"
  std::string use;    ///< "lane[1].inputs.approach"
  bool output = false;
  std::optional<bool> raw;    ///< electrical level: true is high, energised
  std::optional<bool> value;  ///< inputs: active, after polarity and debounce; outputs: commanded to be energised
  PointQuality quality = PointQuality::kUnread;
  std::optional<Duration> age;  ///< since the last good reading
};

/// The end of a StaffCommand. `lanes`: the lane it was for, or all of them, as they are now.
struct CommandOutcome {
  Status status;
  std::vector<LaneStatus> lanes;
};

/// The end of a reload: the new configuration was found valid; lanes take it over one by one, each when idle and empty.
struct ReloadOutcome {
  std::vector<LaneId> pending;        ///< lanes that have yet to take it over
  std::vector<std::string> warnings;  ///< findings that do not hinder
};

class GateControl {
 public:
  virtual ~GateControl() = default;
  [[nodiscard]] virtual GateView status() const = 0;
  /// Nothing for an unknown lane.
  [[nodiscard]] virtual std::optional<LaneStatus> lane(const LaneId& id) const = 0;
  /// `request` of the command is the implementation's to give. The lane exists.
  virtual void command(StaffCommand command, std::function<void(CommandOutcome)> done) = 0;
  [[nodiscard]] virtual std::vector<PointView> points() const = 0;
  /// The running configuration as JSON, without secrets.
  [[nodiscard]] virtual std::string config_json() const = 0;
  /// Code bad_config when the file has errors; nothing has changed then.
  virtual void reload(std::function<void(Result<ReloadOutcome>)> done) = 0;
  /// The recorded steps as text, one JSON object a line; it takes up to a second. Codes busy, trace_empty,
  /// trace_too_large.
  virtual void trace(std::function<void(Result<std::string>)> done) = 0;
};

}  // namespace exitgate
