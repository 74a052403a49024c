#include "tools/rig/hci_controller.hpp"

#include <algorithm>
#include <optional>

namespace exitgate::rig {
namespace {

constexpr std::uint8_t kCommandPacket = 0x01;
constexpr std::uint8_t kAclPacket = 0x02;
constexpr std::uint8_t kEventPacket = 0x04;
constexpr std::uint8_t kCommandComplete = 0x0E;
constexpr std::uint8_t kHardwareError = 0x10;
constexpr std::uint8_t kLeMeta = 0x3E;
constexpr std::uint8_t kAdvertisingReport = 0x02;
constexpr std::uint8_t kExtendedAdvertisingReport = 0x0D;

constexpr std::uint8_t kSuccess = 0x00;
constexpr std::uint8_t kUnknownCommand = 0x01;
constexpr std::uint8_t kCommandDisallowed = 0x0C;
constexpr std::uint8_t kInvalidParameters = 0x12;

constexpr std::uint64_t kDefaultEventMask = 0x00001FFFFFFFFFFF;  // 7.3.1: LE Meta (bit 61) is off
constexpr std::uint64_t kDefaultLeEventMask = 0x1F;              // 7.8.1
constexpr std::size_t kMaxLegacyData = 31;
constexpr std::size_t kMaxExtendedData = 1650;
constexpr std::size_t kSeenMax = 1024;

constexpr std::uint16_t kReset = 0x0C03;
constexpr std::uint16_t kSetEventMask = 0x0C01;
constexpr std::uint16_t kReadLocalVersion = 0x1001;
constexpr std::uint16_t kReadSupportedCommands = 0x1002;
constexpr std::uint16_t kReadLocalFeatures = 0x1003;
constexpr std::uint16_t kReadBufferSize = 0x1005;
constexpr std::uint16_t kReadAddress = 0x1009;
constexpr std::uint16_t kLeSetEventMask = 0x2001;
constexpr std::uint16_t kLeReadBufferSize = 0x2002;
constexpr std::uint16_t kLeReadLocalFeatures = 0x2003;
constexpr std::uint16_t kLeSetRandomAddress = 0x2005;
constexpr std::uint16_t kLeSetScanParameters = 0x200B;
constexpr std::uint16_t kLeSetScanEnable = 0x200C;
constexpr std::uint16_t kLeClearFilterList = 0x2010;
constexpr std::uint16_t kLeReadStates = 0x201C;
constexpr std::uint16_t kLeSetExtendedScanParameters = 0x2041;
constexpr std::uint16_t kLeSetExtendedScanEnable = 0x2042;
constexpr std::uint16_t kWriteLeHostSupport = 0x0C6D;
constexpr std::uint16_t kSetEventMaskPage2 = 0x0C63;

std::uint64_t little_endian_64(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

/// The length each command's parameters must have; nothing for a command this controller does not know.
std::optional<std::size_t> parameter_size(std::uint16_t opcode) {
  switch (opcode) {
    case kReset:
    case kReadLocalVersion:
    case kReadSupportedCommands:
    case kReadLocalFeatures:
    case kReadBufferSize:
    case kReadAddress:
    case kLeReadBufferSize:
    case kLeReadLocalFeatures:
    case kLeClearFilterList:
    case kLeReadStates:
      return 0;
    case kSetEventMask:
    case kLeSetEventMask:
    case kSetEventMaskPage2:
      return 8;
    case kLeSetRandomAddress:
    case kLeSetExtendedScanEnable:
      return 6;
    case kLeSetScanParameters:
      return 7;
    case kLeSetScanEnable:
    case kWriteLeHostSupport:
      return 2;
    default:
      return std::nullopt;
  }
}

}  // namespace

Bytes HciController::receive(std::span<const std::uint8_t> bytes) {
  Bytes out;
  if (hung_) return out;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  std::size_t at = 0;
  while (at < buffer_.size()) {
    const std::size_t left = buffer_.size() - at;
    const std::uint8_t type = buffer_[at];
    if (type == kCommandPacket) {
      if (left < 4 || left < 4U + buffer_[at + 3]) break;
      const auto opcode = static_cast<std::uint16_t>(buffer_[at + 1] | buffer_[at + 2] << 8);
      command(opcode, std::span<const std::uint8_t>(buffer_).subspan(at + 4, buffer_[at + 3]), out);
      at += 4U + buffer_[at + 3];
    } else if (type == kAclPacket) {
      if (left < 5) break;
      const std::size_t size = 5U + buffer_[at + 3] + static_cast<std::size_t>(buffer_[at + 4]) * 256;
      if (left < size) break;
      at += size;
    } else {
      // Lost the packet boundaries (Part A, section 4): says so and waits for a Reset.
      out.insert(out.end(), {kEventPacket, kHardwareError, 1, 0});
      at = buffer_.size();
    }
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at));
  return out;
}

void HciController::reset() {
  scan_ = Scan::kOff;
  family_ = Family::kNone;
  event_mask_ = kDefaultEventMask;
  le_event_mask_ = kDefaultLeEventMask;
  seen_.clear();
  ++resets_;
}

bool HciController::claim(Family family) {
  if (family_ != Family::kNone && family_ != family) return false;
  family_ = family;
  return true;
}

std::uint8_t HciController::set_scan_parameters(Family family) {
  return claim(family) && scan_ == Scan::kOff ? kSuccess : kCommandDisallowed;
}

std::uint8_t HciController::enable_scan(Family family, std::span<const std::uint8_t> parameters) {
  if (!claim(family)) return kCommandDisallowed;
  if (parameters[0] > 1) return kInvalidParameters;
  filter_duplicates_ = parameters[1] != 0;
  seen_.clear();
  scan_ = parameters[0] == 0 ? Scan::kOff : family == Family::kExtended ? Scan::kExtended : Scan::kLegacy;
  return kSuccess;
}

Bytes HciController::supported_commands() const {
  Bytes octets(64, 0);
  const auto set = [&octets](std::size_t octet, unsigned bit) {
    octets[octet] = static_cast<std::uint8_t>(octets[octet] | 1U << bit);
  };
  set(5, 6);   // Set Event Mask
  set(5, 7);   // Reset
  set(14, 3);  // Read Local Version Information
  set(14, 4);  // Read Local Supported Commands
  set(14, 5);  // Read Local Supported Features
  set(14, 7);  // Read Buffer Size
  set(15, 1);  // Read BD_ADDR
  set(25, 0);  // LE Set Event Mask
  set(25, 1);  // LE Read Buffer Size
  set(25, 2);  // LE Read Local Supported Features
  set(25, 4);  // LE Set Random Address
  set(26, 2);  // LE Set Scan Parameters
  set(26, 3);  // LE Set Scan Enable
  if (traits_.extended) {
    set(37, 5);  // LE Set Extended Scan Parameters
    set(37, 6);  // LE Set Extended Scan Enable
  }
  return octets;
}

void HciController::command(std::uint16_t opcode, std::span<const std::uint8_t> parameters, Bytes& out) {
  Bytes reply;
  std::uint8_t status = kSuccess;
  const bool extended_command = opcode == kLeSetExtendedScanParameters || opcode == kLeSetExtendedScanEnable;
  const auto size = parameter_size(opcode);
  // Extended Scan Parameters: 3 bytes and 5 for each of one or two PHYs (7.8.64).
  const bool sized = opcode == kLeSetExtendedScanParameters ? parameters.size() == 8 || parameters.size() == 13
                                                            : size && parameters.size() == *size;
  if ((!size && opcode != kLeSetExtendedScanParameters) || (extended_command && !traits_.extended)) {
    status = kUnknownCommand;
  } else if (!sized) {
    status = kInvalidParameters;
  } else if (opcode == kReset) {
    reset();
  } else if (opcode == kSetEventMask) {
    event_mask_ = little_endian_64(parameters);
  } else if (opcode == kLeSetEventMask) {
    le_event_mask_ = little_endian_64(parameters);
  } else if (opcode == kReadLocalVersion) {
    reply = {0x0C, 0x00, 0x00, 0x0C, 0xFF, 0xFF, 0x01, 0x00};  // 5.3, a company of nobody
  } else if (opcode == kReadSupportedCommands) {
    reply = supported_commands();
  } else if (opcode == kReadLocalFeatures) {
    reply = {0, 0, 0, 0, 0x60, 0, 0, 0};  // LE supported, BR/EDR not
  } else if (opcode == kReadBufferSize) {
    reply = {0xFB, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00};
  } else if (opcode == kReadAddress) {
    reply.assign(traits_.address.rbegin(), traits_.address.rend());
  } else if (opcode == kLeReadBufferSize) {
    reply = {0xFB, 0x00, 0x08};
  } else if (opcode == kLeReadLocalFeatures) {
    reply = {0, static_cast<std::uint8_t>(traits_.extended ? 0x10 : 0), 0, 0, 0, 0, 0,
             0};  // bit 12: extended advertising
  } else if (opcode == kLeReadStates) {
    reply = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x03, 0, 0};
  } else if (opcode == kLeSetScanParameters || opcode == kLeSetExtendedScanParameters) {
    status = set_scan_parameters(extended_command ? Family::kExtended : Family::kLegacy);
  } else if (opcode == kLeSetScanEnable || opcode == kLeSetExtendedScanEnable) {
    status = enable_scan(extended_command ? Family::kExtended : Family::kLegacy, parameters);
  }
  out.insert(out.end(), {kEventPacket, kCommandComplete, static_cast<std::uint8_t>(4 + reply.size()), 1,
                         static_cast<std::uint8_t>(opcode & 0xff), static_cast<std::uint8_t>(opcode >> 8), status});
  out.insert(out.end(), reply.begin(), reply.end());
}

bool HciController::subevent_enabled(unsigned subevent) const {
  return (event_mask_ >> 61 & 1) != 0 && (le_event_mask_ >> (subevent - 1) & 1) != 0;
}

Bytes HciController::hear(const Advert& advert) {
  Bytes out;
  const bool audible = scan_ == Scan::kExtended || (scan_ == Scan::kLegacy && !advert.extended);
  if (hung_ || !audible) return out;
  if (filter_duplicates_) {
    if (seen_.size() >= kSeenMax) seen_.clear();
    if (!seen_.insert(advert.address).second) return out;
  }
  if (scan_ == Scan::kLegacy) {
    report_legacy(advert, out);
  } else {
    report_extended(advert, out);
  }
  return out;
}

void HciController::report_legacy(const Advert& advert, Bytes& out) const {
  if (!subevent_enabled(kAdvertisingReport) || advert.data.size() > kMaxLegacyData) return;
  const auto size = static_cast<std::uint8_t>(advert.data.size());
  // One report; ADV_NONCONN_IND (3); random address (1).
  out.insert(out.end(), {kEventPacket, kLeMeta, static_cast<std::uint8_t>(12 + size), kAdvertisingReport, 1, 3, 1});
  out.insert(out.end(), advert.address.rbegin(), advert.address.rend());
  out.push_back(size);
  out.insert(out.end(), advert.data.begin(), advert.data.end());
  out.push_back(static_cast<std::uint8_t>(advert.rssi_dbm));
}

void HciController::report_extended(const Advert& advert, Bytes& out) const {
  if (!subevent_enabled(kExtendedAdvertisingReport) || advert.data.size() > kMaxExtendedData) return;
  std::size_t at = 0;
  do {
    const std::size_t piece =
        std::min(advert.data.size() - at, std::clamp<std::size_t>(traits_.fragment_bytes, 1, 229));
    const bool more = at + piece < advert.data.size();
    // Event type: legacy ADV_NONCONN_IND is 0x0010, extended non-connectable 0x0000; bits 5–6 say whether more comes.
    const auto type = static_cast<std::uint8_t>((advert.extended ? 0x00 : 0x10) | (more ? 0x20 : 0x00));
    out.insert(out.end(), {kEventPacket, kLeMeta, static_cast<std::uint8_t>(26 + piece), kExtendedAdvertisingReport, 1,
                           type, 0, 1});
    out.insert(out.end(), advert.address.rbegin(), advert.address.rend());
    // Primary PHY 1M; secondary PHY; SID (0xFF: none); TX power unknown; RSSI; no periodic advertising; no direct
    // address.
    out.insert(out.end(), {1, static_cast<std::uint8_t>(advert.extended ? 1 : 0),
                           static_cast<std::uint8_t>(advert.extended ? 0 : 0xFF), 0x7F,
                           static_cast<std::uint8_t>(advert.rssi_dbm), 0, 0, 0, 0, 0, 0, 0, 0, 0});
    out.push_back(static_cast<std::uint8_t>(piece));
    const auto begin = advert.data.begin() + static_cast<std::ptrdiff_t>(at);
    out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(piece));
    at += piece;
  } while (at < advert.data.size());
}

}  // namespace exitgate::rig
