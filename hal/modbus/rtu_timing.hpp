// How long things take on a serial Modbus wire. Pure; used by the scheduler and by the check of a store file.
// Source: Modbus over Serial Line 1.02, section 2.5.1 (11-bit characters, 3.5 characters of silence before each
// frame; 1.75 ms above 19200 baud). A module's own thinking time is not in these figures.
#pragma once

#include <span>

#include "hal/modbus/request_plan.hpp"
#include "hal/modbus/settings.hpp"

namespace exitgate::hal {

struct RtuLine {
  int baud = 19200;
  int bits_per_character = 11;  ///< start, eight data, parity if any, stop
};

[[nodiscard]] RtuLine rtu_line(const ModbusRtuSettings& settings);

[[nodiscard]] Duration character_time(const RtuLine& line, int characters);
/// The silence before each frame.
[[nodiscard]] Duration frame_silence(const RtuLine& line);
/// Request and reply with a silence before each.
[[nodiscard]] Duration exchange_time(const RtuLine& line, const Request& request);

struct RtuCycle {
  Duration polls{};  ///< every input of every module read once
  Duration write{};  ///< the longest single write with its read-back; a write goes before polls
  [[nodiscard]] Duration total() const { return polls + write; }
};

/// The longest time from one reading of an input to the next on a bus that is never idle, with one write in between.
[[nodiscard]] RtuCycle rtu_cycle(const RtuLine& line, std::span<const ModbusUnit> units);

}  // namespace exitgate::hal
