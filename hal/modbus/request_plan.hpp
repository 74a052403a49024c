// Which requests carry a set of points. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hal/modbus/settings.hpp"

namespace exitgate::hal {

/// Function codes of Modbus Application Protocol 1.1b3, section 6.
enum class Function : std::uint8_t {
  kReadCoils = 1,
  kReadDiscretes = 2,
  kWriteCoil = 5,
  kWriteCoils = 15,
};

struct Request {
  Function function = Function::kReadDiscretes;
  int first = 0;
  int count = 1;
  std::vector<std::uint8_t> levels;  ///< of a write: one 0 or 1 for each coil
  [[nodiscard]] bool covers(int address) const { return address >= first && address < first + count; }
  friend bool operator==(const Request&, const Request&) = default;
};

struct CoilLevel {
  int address = 0;
  bool high = false;
};

/// Points at most this far apart share a read (operation contract).
inline constexpr int kJoinedReadGap = 64;
/// Largest quantities of sections 6.1 and 6.11 of the protocol.
inline constexpr int kMaxReadBits = 2000;
inline constexpr int kMaxWriteBits = 1968;

/// The reads that cover all points, discrete inputs first, each table by rising address. Doubles are read once.
[[nodiscard]] std::vector<Request> plan_reads(std::span<const ModbusInput> points);

/// The write that carries the first of `pending` and whatever pending coils lie next to it without a hole: a hole would
/// write a coil nobody asked for. One coil is FC 5, several are FC 15, unless `single_only`. `pending` is not empty and
/// has no doubles.
[[nodiscard]] Request plan_write(std::span<const CoilLevel> pending, bool single_only);

}  // namespace exitgate::hal
