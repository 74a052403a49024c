#include "hal/hci/hci_commands.hpp"

#include "base/check.hpp"

namespace exitgate::hal {
namespace {

constexpr std::uint8_t kCommandPacket = 0x01;
// Bits 15 (hardware error) and 61 (LE meta); Core 5.3, Vol 4, Part E, 7.3.1.
constexpr std::uint64_t kEventMask = std::uint64_t{1} << 61 | std::uint64_t{1} << 15;
// Bits 1 (advertising report) and 12 (extended advertising report); 7.8.1.
constexpr std::uint64_t kLeEventMask = std::uint64_t{1} << 12 | std::uint64_t{1} << 1;
// Units of 0.625 ms. Window = interval: listening all the time.
constexpr std::uint16_t kScanInterval = 0x0060;

Bytes mask_bytes(std::uint64_t mask) {
  Bytes bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(mask >> (8 * i)));
  return bytes;
}

Bytes parameters_of(Opcode opcode) {
  constexpr std::uint8_t kLow = kScanInterval & 0xFF;
  constexpr std::uint8_t kHigh = kScanInterval >> 8;
  switch (opcode) {
    case kSetEventMask:
      return mask_bytes(kEventMask);
    case kLeSetEventMask:
      return mask_bytes(kLeEventMask);
    // Passive, interval, window, public own address, accept all.
    case kLeSetScanParameters:
      return {0x00, kLow, kHigh, kLow, kHigh, 0x00, 0x00};
    case kLeSetScanEnable:
      return {0x01, 0x00};
    // Public own address, accept all, 1M PHY; passive, interval, window.
    case kLeSetExtendedScanParameters:
      return {0x00, 0x00, 0x01, 0x00, kLow, kHigh, kLow, kHigh};
    // On, duplicates reported, no end, no period.
    case kLeSetExtendedScanEnable:
      return {0x01, 0x00, 0x00, 0x00, 0x00, 0x00};
    default:
      return {};
  }
}

Opcode read_opcode(std::span<const std::uint8_t> at) { return static_cast<Opcode>(at[0] | at[1] << 8); }

}  // namespace

Bytes command_packet(Opcode opcode) {
  const Bytes parameters = parameters_of(opcode);
  EXITGATE_CHECK(parameters.size() <= 255);
  Bytes packet{kCommandPacket, static_cast<std::uint8_t>(opcode & 0xFF), static_cast<std::uint8_t>(opcode >> 8),
               static_cast<std::uint8_t>(parameters.size())};
  packet.insert(packet.end(), parameters.begin(), parameters.end());
  return packet;
}

std::string_view command_name(Opcode opcode) {
  switch (opcode) {
    case kSetEventMask:
      return "Set Event Mask";
    case kReset:
      return "Reset";
    case kReadLocalVersion:
      return "Read Local Version Information";
    case kReadSupportedCommands:
      return "Read Local Supported Commands";
    case kLeSetEventMask:
      return "LE Set Event Mask";
    case kLeSetScanParameters:
      return "LE Set Scan Parameters";
    case kLeSetScanEnable:
      return "LE Set Scan Enable";
    case kLeSetExtendedScanParameters:
      return "LE Set Extended Scan Parameters";
    case kLeSetExtendedScanEnable:
      return "LE Set Extended Scan Enable";
    default:
      return "a command";
  }
}

std::optional<CommandAnswer> parse_command_answer(const HciEvent& event) {
  const auto& p = event.parameters;
  if (event.code == kCommandCompleteEvent && p.size() >= 3) {
    const bool has_status = p.size() >= 4;
    return CommandAnswer{.opcode = read_opcode(p.subspan(1)),
                         .credit = p[0],
                         .status = has_status ? p[3] : std::uint8_t{0},
                         .complete = true,
                         .returned = has_status ? p.subspan(4) : p.subspan(3)};
  }
  if (event.code == kCommandStatusEvent && p.size() == 4) {
    return CommandAnswer{
        .opcode = read_opcode(p.subspan(2)), .credit = p[1], .status = p[0], .complete = false, .returned = {}};
  }
  return std::nullopt;
}

bool supports_extended_scanning(std::span<const std::uint8_t> supported_commands) {
  constexpr std::uint8_t kBoth = 0x60;
  return supported_commands.size() > 37 && (supported_commands[37] & kBoth) == kBoth;
}

}  // namespace exitgate::hal
