// Cuts a byte stream into HCI event packets (Bluetooth Core 5.3, Vol 4, Part A "UART transport layer"; Part E, 5.4.4).
// H4 has no marker to resynchronise at: after lost or foreign bytes the only way back is to send Reset and to look for
// its Command Complete among whatever still arrives. Pure; no allocation: a packet that lies whole in the input is not
// copied. Any input is safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace exitgate::hal {

/// Parameters are valid until the framer is used again or the input is gone.
struct HciEvent {
  std::uint8_t code = 0;
  std::span<const std::uint8_t> parameters;
};

class H4Framer {
 public:
  /// Drops all input up to and including the successful answer to Reset, which comes out as an event.
  void hunt_reset();
  /// The next whole event of `input`, which is cut down to what was not used yet. Nothing: more bytes are needed, or
  /// broken().
  [[nodiscard]] std::optional<HciEvent> next(std::span<const std::uint8_t>& input);
  /// A packet began that is no event. Stays so until hunt_reset().
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  static constexpr std::size_t kHeaderSize = 3;
  static constexpr std::size_t kLongestPacket = kHeaderSize + 255;
  static constexpr std::size_t kResetAnswerSize = 7;

  [[nodiscard]] std::optional<HciEvent> hunt(std::span<const std::uint8_t>& input);
  [[nodiscard]] std::optional<HciEvent> complete_partial(std::span<const std::uint8_t>& input);

  std::array<std::uint8_t, kLongestPacket> partial_{};
  std::size_t partial_size_ = 0;
  bool hunting_ = true;
  bool broken_ = false;
};

}  // namespace exitgate::hal
