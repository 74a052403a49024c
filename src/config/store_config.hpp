// A store file as a validated value: everything the daemon is told of its store. Made by load() only, handed around as
// shared_ptr<const StoreConfig>, never changed: a reload makes another one. It holds the beacon keys: never print it;
// to_json() shows it without them. File paths are absolute, defaults are filled in, durations are monotonic.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/gate_clock.hpp"
#include "base/mono_time.hpp"
#include "config/endpoint.hpp"
#include "core/lane_config.hpp"

namespace exitgate::config {

struct BackendConfig {
  Endpoint endpoint;
  std::string base_path;  ///< before "/v1/…"; empty, or "/…" without a slash at its end
  std::filesystem::path ca_file;
  std::filesystem::path certificate_file;
  std::filesystem::path private_key_file;
  Duration connect_timeout = milliseconds{1000};
  Duration confirm_timeout = milliseconds{800};  ///< also in GateConfig
  friend bool operator==(const BackendConfig&, const BackendConfig&) = default;
};

using BeaconKey = std::array<std::uint8_t, 32>;
/// What decides about carts in view (near_dbm, …) is in GateConfig::beacons.
struct BeaconsConfig {
  std::uint16_t company_id = 0xFFFF;
  std::vector<BeaconKey> keys;  ///< one or two
};

struct ReceiptsConfig {
  std::filesystem::path database = "receipts.db";  ///< relative to the state directory
  std::int64_t max_queued = 1'000'000;
  int retention_days = 30;
  friend bool operator==(const ReceiptsConfig&, const ReceiptsConfig&) = default;
};

struct ApiConfig {
  std::filesystem::path socket = "control.sock";  ///< relative to the runtime directory
  std::optional<Endpoint> listen;
  std::optional<std::filesystem::path> tls_certificate_file;  ///< both or neither
  std::optional<std::filesystem::path> tls_private_key_file;
  std::optional<std::filesystem::path> users_file;
  friend bool operator==(const ApiConfig&, const ApiConfig&) = default;
};

enum class ShutdownOutputs : std::uint8_t { kOpen, kHold };

// --- devices ---------------------------------------------------------------------------------------------------

struct ModbusTcp {
  Endpoint address;
  std::uint8_t unit = 1;
  Duration poll = milliseconds{10};
  Duration response = milliseconds{100};
  friend bool operator==(const ModbusTcp&, const ModbusTcp&) = default;
};

enum class Parity : std::uint8_t { kNone, kEven, kOdd };
/// Devices with one path are one bus and agree on baud, parity and stop bits.
struct ModbusRtu {
  std::filesystem::path path;
  int baud = 19200;
  Parity parity = Parity::kEven;
  int stop_bits = 1;
  std::uint8_t unit = 1;
  Duration poll = milliseconds{10};
  Duration response = milliseconds{100};
  friend bool operator==(const ModbusRtu&, const ModbusRtu&) = default;
};

struct GpioChip {
  std::filesystem::path path;
  friend bool operator==(const GpioChip&, const GpioChip&) = default;
};

struct TtyTransport {
  std::filesystem::path path;
  int baud = 1'000'000;
  bool flow_control = true;
  friend bool operator==(const TtyTransport&, const TtyTransport&) = default;
};
struct UnixTransport {
  std::filesystem::path path;
  friend bool operator==(const UnixTransport&, const UnixTransport&) = default;
};
struct TcpTransport {
  Endpoint address;
  friend bool operator==(const TcpTransport&, const TcpTransport&) = default;
};
struct HciUart {
  std::variant<TtyTransport, UnixTransport, TcpTransport> transport;
  friend bool operator==(const HciUart&, const HciUart&) = default;
};

struct HciSocket {
  std::uint16_t index = 0;
  friend bool operator==(const HciSocket&, const HciSocket&) = default;
};

/// No driver of a store file: a device of the simulation, or one whose driver the file does not tell.
struct Sim {
  friend bool operator==(const Sim&, const Sim&) = default;
};

using Driver = std::variant<ModbusTcp, ModbusRtu, GpioChip, HciUart, HciSocket, Sim>;
/// "modbus-tcp", …, as in the store file.
[[nodiscard]] std::string_view driver_name(const Driver& driver);

struct DiscreteAddress {
  std::uint16_t number = 0;
  friend bool operator==(const DiscreteAddress&, const DiscreteAddress&) = default;
};
struct CoilAddress {
  std::uint16_t number = 0;
  friend bool operator==(const CoilAddress&, const CoilAddress&) = default;
};
struct LineName {
  std::string name;
  friend bool operator==(const LineName&, const LineName&) = default;
};
struct LineOffset {
  std::uint16_t offset = 0;
  friend bool operator==(const LineOffset&, const LineOffset&) = default;
};
/// modbus and sim: DiscreteAddress for inputs, CoilAddress for outputs; gpiochip: LineName or LineOffset.
using PointAddress = std::variant<DiscreteAddress, CoilAddress, LineName, LineOffset>;

enum class Bias : std::uint8_t { kAsIs, kPullUp, kPullDown };
struct DeviceInput {
  PointAddress address;
  Bias bias = Bias::kAsIs;  ///< gpiochip only
  friend bool operator==(const DeviceInput&, const DeviceInput&) = default;
};
struct DeviceOutput {
  PointAddress address;
  friend bool operator==(const DeviceOutput&, const DeviceOutput&) = default;
};

/// In the order of the store file: a DeviceId is an index into StoreConfig::devices and GateConfig::devices alike.
struct Device {
  ShortId name;
  bool fail_safe = false;
  Driver driver;
  std::vector<DeviceInput> inputs;    ///< those used; hal::PortIndex is an index into it
  std::vector<DeviceOutput> outputs;  ///< the same for outputs
  friend bool operator==(const Device&, const Device&) = default;
};

// --- points ----------------------------------------------------------------------------------------------------

/// What a PointId stands for. Inputs and outputs share one table.
struct Point {
  DeviceId device = 0;
  bool output = false;
  std::uint16_t index = 0;  ///< into Device::outputs where `output`, else into Device::inputs
  bool active_high = true;  ///< inputs: the level that means active; outputs are energised by a high level
  std::string address;      ///< "io1/discrete/0"
  std::string use;          ///< "lane[1].inputs.approach", "outputs.alive"
  friend bool operator==(const Point&, const Point&) = default;
};

struct StoreConfig {
  std::filesystem::path file;
  GateConfig gate;
  std::string timezone;  ///< IANA
  ClockTrust clock_trust = ClockTrust::kKernel;
  BackendConfig backend;
  std::optional<BeaconsConfig> beacons;  ///< absent: walkout lanes only
  ReceiptsConfig receipts;
  ApiConfig api;
  ShutdownOutputs shutdown_outputs = ShutdownOutputs::kOpen;
  std::vector<Device> devices;
  std::vector<Point> points;  ///< by PointId
};

/// Whether `next` can be taken over lane by lane while the box runs: it names the same devices, points, lanes and
/// peers.
[[nodiscard]] bool taken_lane_by_lane(const StoreConfig& running, const StoreConfig& next);

}  // namespace exitgate::config
