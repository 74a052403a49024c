// One request and what came of it, as values; and the line that carries it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"
#include "hal/modbus/request_plan.hpp"

namespace exitgate::hal {

enum class Fault : std::uint8_t {
  kTimeout,
  kBadAnswer,      ///< damaged, or not to this request
  kForeignAnswer,  ///< serial: another unit's answer
  kLateBytes,      ///< bytes were there before anything was asked: an answer to an earlier request
  kException,      ///< the unit answered that it will not
  kClosed,         ///< the connection or the port is gone
};

struct LineFault {
  Fault fault = Fault::kTimeout;
  int exception = 0;   ///< of kException: the code of section 7 of the protocol
  std::string detail;  ///< in the words of whoever found it
};

/// The bits read, first address first; empty for a write.
using Reply = tl::expected<std::vector<std::uint8_t>, LineFault>;

/// A connection or a port. Thread: one worker. No call takes longer than the time it is given (plus that of the
/// scheduler).
class ModbusLine {
 public:
  virtual ~ModbusLine() = default;
  [[nodiscard]] virtual Status open() = 0;
  /// After kClosed the line is closed; a TCP line also after every other fault but kException, because an answer
  /// that is late there would be taken for the next.
  [[nodiscard]] virtual Reply exchange(int unit, const Request& request, Duration timeout) = 0;
  /// Throws away what has come in; returns how many bytes.
  virtual std::size_t flush() = 0;
  virtual void close() = 0;
};

/// An error with a stable code and a message that names unit, function and address.
[[nodiscard]] Error describe(const ModbusUnit& unit, const Request& request, const LineFault& fault);
/// "FC2 (read discrete inputs) at 40–55".
[[nodiscard]] std::string describe(const Request& request);

}  // namespace exitgate::hal
