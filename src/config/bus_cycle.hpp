// How long one round of a Modbus RTU bus takes on the wire, at best. Pure.
// Frames: Modbus Application Protocol V1.1b3, 6.2 and 6.5; silence of 3.5 characters before and after a frame, fixed
// at 1.75 ms above 19200 baud: Modbus over Serial Line V1.02, 2.5.1.1. Time a module takes to think is not in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::config {

struct SerialFormat {
  int baud = 19200;
  int bits_per_character = 11;
};

struct BusModule {
  std::vector<std::uint16_t> discretes;
  bool has_outputs = false;
};

/// Number of inputs in each FC 2 request: neighbours at most 64 apart share one, which reads at most 2000.
[[nodiscard]] std::vector<unsigned> request_sizes(std::vector<std::uint16_t> addresses);
[[nodiscard]] Duration read_discretes_time(SerialFormat format, unsigned count);
[[nodiscard]] Duration write_coil_time(SerialFormat format);
/// FC 1 of one coil, as it follows every write.
[[nodiscard]] Duration read_back_time(SerialFormat format);
/// Every module's inputs once, and one write with its read-back in between (writes go before polls). A module with
/// outputs alone is asked for one of them, to know that it is there.
[[nodiscard]] Duration bus_cycle(SerialFormat format, std::span<const BusModule> modules);

}  // namespace exitgate::config
