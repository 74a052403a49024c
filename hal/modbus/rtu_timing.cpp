#include "hal/modbus/rtu_timing.hpp"

#include <algorithm>

namespace exitgate::hal {
namespace {

constexpr int kFrameCharacters = 4;  // unit, function, two of CRC

int bytes_of_bits(int bits) { return (bits + 7) / 8; }

int request_characters(const Request& request) {
  if (request.function == Function::kWriteCoils) return kFrameCharacters + 5 + bytes_of_bits(request.count);
  return kFrameCharacters + 4;
}

int reply_characters(const Request& request) {
  const bool read = request.function == Function::kReadCoils || request.function == Function::kReadDiscretes;
  return kFrameCharacters + (read ? 1 + bytes_of_bits(request.count) : 4);
}

Duration rounded_up(double seconds) { return Duration{static_cast<std::int64_t>(seconds * 1e6 + 0.999)}; }

}  // namespace

RtuLine rtu_line(const ModbusRtuSettings& settings) {
  return {settings.baud, 1 + 8 + (settings.parity == 'N' ? 0 : 1) + settings.stop_bits};
}

Duration character_time(const RtuLine& line, int characters) {
  return rounded_up(static_cast<double>(characters) * line.bits_per_character / line.baud);
}

Duration frame_silence(const RtuLine& line) {
  if (line.baud > 19200) return Duration{1750};
  return rounded_up(3.5 * line.bits_per_character / line.baud);
}

Duration exchange_time(const RtuLine& line, const Request& request) {
  return character_time(line, request_characters(request) + reply_characters(request)) + 2 * frame_silence(line);
}

RtuCycle rtu_cycle(const RtuLine& line, std::span<const ModbusUnit> units) {
  RtuCycle cycle;
  for (const auto& unit : units) {
    for (const auto& request : plan_reads(unit.inputs)) cycle.polls += exchange_time(line, request);
    if (unit.output_coils.empty()) continue;
    const Request write{Function::kWriteCoil, 0, 1, {1}};
    const Request read_back{Function::kReadCoils, 0, 1, {}};
    if (unit.inputs.empty()) cycle.polls += exchange_time(line, read_back);
    cycle.write = std::max(cycle.write, exchange_time(line, write) + exchange_time(line, read_back));
  }
  return cycle;
}

}  // namespace exitgate::hal
