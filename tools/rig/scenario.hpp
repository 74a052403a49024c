// What a scenario file says: the store's hardware, who comes when, what happens, and how it must end (docs/rig.md).
// Plain values; read_scenario() checks them, so that what follows need not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "tools/rig/address.hpp"
#include "tools/rig/barrier.hpp"
#include "tools/rig/hci_controller.hpp"
#include "tools/rig/radio_model.hpp"

namespace exitgate::rig {

/// A module's point, wired so that a high level means active (or, for the barrier, closes it); or the other way round.
struct PointRef {
  std::string module;
  std::size_t index = 0;
  bool active_high = true;
};

struct ModuleSpec {
  std::string name;
  bool rtu = false;
  std::string address;  ///< tcp: HOST:PORT; rtu: path of the link
  std::uint8_t unit = 1;
  std::size_t inputs = 32;
  std::size_t coils = 32;
  std::optional<Duration> drops_after;
};

struct ReceiverSpec {
  std::string name;
  Address address;
  Place place;
  ControllerTraits traits;
};

struct LaneSpec {
  std::string id;
  double y_m = 0;
  BarrierSpec barrier;
  std::map<std::string, PointRef> inputs;  ///< by the lane contract's names
  std::map<std::string, PointRef> outputs;
};

struct BeaconSpec {
  std::string store_id;
  std::string key_file;
  std::uint16_t company_id = 0xFFFF;
  std::int8_t measured_power_dbm = -59;
  RadioTraits radio;
};

struct ExpectedReceipt {
  std::string lane;
  std::string kind;
  std::vector<std::string> basis;  ///< any of them; empty: must be absent
  std::string outcome = "passed";
  int passages = 1;
  std::vector<std::string> flags;      ///< must be there
  std::vector<std::string> may_flags;  ///< may be there; every other may not
  bool names_session = true;           ///< carries the shopper's session
};

enum class ShopperKind : std::uint8_t { kCart, kWalkout, kGroup, kTailgater, kWrongWay, kObstruct, kPasserBy };
[[nodiscard]] std::string_view to_string(ShopperKind kind);

enum class Expectation : std::uint8_t { kPasses, kRefusedThenPasses, kStays, kEnters, kObstructs };
[[nodiscard]] std::string_view to_string(Expectation expectation);

struct SessionSpec {
  std::string state = "closed";       ///< as the reference backend names them
  std::optional<Duration> closes_at;  ///< an open one is paid then
  std::uint16_t party_size = 1;
  std::optional<std::int64_t> total_minor;
  std::string currency = "USD";
  std::int64_t expires_in_s = 3600;
  bool push = true;           ///< the closure goes to the gates ahead
  bool push_expected = true;  ///< walkout: the arrival goes to the gate ahead
};

struct ShopperSpec {
  std::string id;
  ShopperKind kind = ShopperKind::kWalkout;
  Duration at{0};
  std::string lane;
  std::optional<CartId> cart_id;
  std::optional<SessionSpec> session;
  bool beacon = true;
  bool pass = false;                   ///< the cart broadcasts the exit pass once its session is closed
  Duration lasts{milliseconds{1200}};  ///< obstruct: how long
  Duration patience{std::chrono::seconds{40}};
  double gap_m = 0.8;
  Expectation expect = Expectation::kPasses;
  std::vector<ExpectedReceipt> receipts;
};

enum class EventKind : std::uint8_t { kFireAlarm, kRelease, kStaffKey, kCommand, kBackend, kPlug, kHang, kRevoke };

struct EventSpec {
  Duration at{0};
  EventKind kind = EventKind::kCommand;
  bool on = false;   ///< alarm, key; backend up; part plugged in
  std::string part;  ///< lane ("all" for commands), module, receiver or shopper
  std::string command;
  std::string by;
  std::string reason;
  std::vector<ExpectedReceipt> receipts;
};

struct Scenario {
  std::string title;
  std::uint64_t seed = 1;
  Duration settle{std::chrono::seconds{30}};  ///< after the script: how long the backend may take to hold all receipts
  BeaconSpec beacons;
  std::vector<ModuleSpec> modules;
  std::vector<ReceiverSpec> receivers;
  std::vector<LaneSpec> lanes;
  std::optional<PointRef> fire_alarm;
  std::vector<ShopperSpec> shoppers;
  std::vector<EventSpec> events;

  [[nodiscard]] const LaneSpec* lane(std::string_view id) const;
};

/// Paths are taken relative to `directory`. `addresses` replace those of modules and receivers, by name.
/// Error: bad_scenario, with a line "FILE:LINE:COLUMN: error: KEY: found X; expected Y" for everything found.
[[nodiscard]] Result<Scenario> read_scenario(const std::string& file, const std::string& directory,
                                             const std::map<std::string, std::string>& addresses = {});
[[nodiscard]] Result<Scenario> parse_scenario(std::string_view text, const std::string& file,
                                              const std::string& directory,
                                              const std::map<std::string, std::string>& addresses = {});

}  // namespace exitgate::rig
