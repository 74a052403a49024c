#include "config/bus_cycle.hpp"

#include <algorithm>

namespace exitgate::config {
namespace {

constexpr int kWidestGap = 64;
constexpr int kMostBits = 2000;

Duration characters_time(SerialFormat format, std::int64_t characters) {
  return Duration{characters * format.bits_per_character * 1'000'000 / format.baud};
}

Duration silence(SerialFormat format) {
  if (format.baud > 19200) return Duration{1750};
  return Duration{std::int64_t{format.bits_per_character} * 3'500'000 / format.baud};
}

}  // namespace

std::vector<unsigned> request_sizes(std::vector<std::uint16_t> addresses) {
  std::sort(addresses.begin(), addresses.end());
  std::vector<unsigned> sizes;
  std::size_t first = 0;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const int joined = addresses[i] - addresses[first] + 1;
    if (i > first && addresses[i] - addresses[i - 1] <= kWidestGap && joined <= kMostBits) {
      sizes.back() = static_cast<unsigned>(joined);
    } else {
      first = i;
      sizes.push_back(1);
    }
  }
  return sizes;
}

Duration read_discretes_time(SerialFormat format, unsigned count) {
  const std::int64_t request = 8;
  const std::int64_t response = 5 + (std::int64_t{count} + 7) / 8;
  return characters_time(format, request + response) + 2 * silence(format);
}

Duration write_coil_time(SerialFormat format) { return characters_time(format, 8 + 8) + 2 * silence(format); }

Duration read_back_time(SerialFormat format) { return read_discretes_time(format, 1); }

Duration bus_cycle(SerialFormat format, std::span<const BusModule> modules) {
  Duration cycle{};
  bool writes = false;
  for (const BusModule& module : modules) {
    for (const unsigned size : request_sizes(module.discretes)) cycle += read_discretes_time(format, size);
    if (module.discretes.empty() && module.has_outputs) cycle += read_back_time(format);
    writes = writes || module.has_outputs;
  }
  return writes ? cycle + write_coil_time(format) + read_back_time(format) : cycle;
}

}  // namespace exitgate::config
