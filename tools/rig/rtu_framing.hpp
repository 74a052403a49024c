// Modbus RTU framing for a slave. Pure: bytes in, whole requests out.
// On a pty there is no silence of 3.5 characters to see, so a request ends where its function code says it does; what
// fits no request is thrown away at the next silence.
// Protocol: MODBUS over Serial Line Specification and Implementation Guide V1.02, sections 2.5.1 and 6.2 (CRC).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/encoding.hpp"

namespace exitgate::rig {

[[nodiscard]] std::uint16_t crc16(std::span<const std::uint8_t> bytes);
/// `unit` and `pdu` with their check sum, ready for the line.
[[nodiscard]] Bytes rtu_frame(std::uint8_t unit, std::span<const std::uint8_t> pdu);

struct RtuRequest {
  std::uint8_t unit = 0;
  Bytes pdu;
};

class RtuFramer {
 public:
  void take(std::span<const std::uint8_t> bytes);
  /// The next whole request with a good check sum, if there is one.
  [[nodiscard]] std::optional<RtuRequest> next();
  /// The line was quiet: whatever is left is one frame of a function code unknown here, or garbage.
  [[nodiscard]] std::optional<RtuRequest> silence();
  [[nodiscard]] bool pending() const { return !buffer_.empty(); }
  [[nodiscard]] std::uint64_t garbled() const { return garbled_; }

 private:
  [[nodiscard]] std::optional<std::size_t> expected_size() const;
  [[nodiscard]] std::optional<RtuRequest> cut(std::size_t size);

  Bytes buffer_;
  bool out_of_step_ = false;  ///< a check sum failed: only silence puts the framing right
  std::uint64_t garbled_ = 0;
};

}  // namespace exitgate::rig
