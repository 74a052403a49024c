// The few HCI commands a listening receiver needs, and their answers (Bluetooth Core 5.3, Vol 4, Part
// E, 7.3, 7.4, 7.7, 7.8). Pure; multi-byte fields are little-endian on the wire.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/encoding.hpp"
#include "hal/hci/h4_framer.hpp"

namespace exitgate::hal {

using Opcode = std::uint16_t;
inline constexpr Opcode kNoOperation = 0x0000;
inline constexpr Opcode kSetEventMask = 0x0C01;
inline constexpr Opcode kReset = 0x0C03;
inline constexpr Opcode kReadLocalVersion = 0x1001;
inline constexpr Opcode kReadSupportedCommands = 0x1002;
inline constexpr Opcode kLeSetEventMask = 0x2001;
inline constexpr Opcode kLeSetScanParameters = 0x200B;
inline constexpr Opcode kLeSetScanEnable = 0x200C;
inline constexpr Opcode kLeSetExtendedScanParameters = 0x2041;
inline constexpr Opcode kLeSetExtendedScanEnable = 0x2042;

inline constexpr std::uint8_t kCommandCompleteEvent = 0x0E;
inline constexpr std::uint8_t kCommandStatusEvent = 0x0F;
inline constexpr std::uint8_t kHardwareErrorEvent = 0x10;
inline constexpr std::uint8_t kLeMetaEvent = 0x3E;

/// The whole H4 packet of a command, with the parameters this product sends: LE meta and hardware error events, legacy
/// and extended reports, passive scanning all the time on the 1M PHY, duplicates reported.
[[nodiscard]] Bytes command_packet(Opcode opcode);
/// "LE Set Scan Enable", …, for messages.
[[nodiscard]] std::string_view command_name(Opcode opcode);

/// Command Complete or Command Status.
struct CommandAnswer {
  Opcode opcode = kNoOperation;
  std::uint8_t credit = 0;  ///< commands the controller takes now
  std::uint8_t status = 0;  ///< 0: success
  bool complete = false;    ///< Command Complete; a Command Status of 0 only says that the command has begun
  std::span<const std::uint8_t> returned;  ///< after the status
};
/// Nothing for another event or one too short.
[[nodiscard]] std::optional<CommandAnswer> parse_command_answer(const HciEvent& event);

/// From the answer to Read Local Supported Commands: LE Set Extended Scan Parameters and Enable (octet 37, bits 5 and
/// 6).
[[nodiscard]] bool supports_extended_scanning(std::span<const std::uint8_t> supported_commands);

}  // namespace exitgate::hal
