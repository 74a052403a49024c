// What an installer says about a Modbus bus and the modules on it, as values. No library behind it.
// Units: microseconds (Duration), addresses zero-based as in the protocol data unit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::hal {

/// Modbus Application Protocol 1.1b3, section 4.3: discrete inputs are read with FC 2, coils with FC 1.
enum class BitTable : std::uint8_t { kDiscrete, kCoil };

struct ModbusInput {
  BitTable table = BitTable::kDiscrete;
  int address = 0;
  friend bool operator==(const ModbusInput&, const ModbusInput&) = default;
};

/// One module. Its PortIndex numbers are the positions in `inputs` and in `output_coils`.
struct ModbusUnit {
  std::string name;
  int unit = 1;  ///< 1–247; on TCP also 0 and 255
  Duration poll = milliseconds{10};
  Duration response = milliseconds{100};  ///< the module's longest answer, without the time on a serial wire
  std::vector<ModbusInput> inputs;
  std::vector<int> output_coils;
};

struct ModbusTcpSettings {
  std::string host;  ///< a numeric IPv4 or IPv6 address, or "localhost"
  std::uint16_t port = 502;
  Duration connect = milliseconds{500};
};

struct Rs485 {
  bool rts_on_send = true;
  int delay_before_send_ms = 0;
  int delay_after_send_ms = 0;
};

struct ModbusRtuSettings {
  std::string path;
  int baud = 19200;
  char parity = 'E';  ///< 'N', 'E' or 'O'
  int stop_bits = 1;
  std::optional<Rs485> rs485;  ///< for a UART whose driver switches the direction
};

}  // namespace exitgate::hal
