// A Bluetooth LE controller's side of H4 for tests: builds events, and answers commands by a script. Pure: bytes in,
// bytes out.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "base/encoding.hpp"
#include "hal/hci/hci_commands.hpp"

namespace exitgate::hal {

inline Bytes event_packet(std::uint8_t code, const Bytes& parameters) {
  Bytes packet{0x04, code, static_cast<std::uint8_t>(parameters.size())};
  packet.insert(packet.end(), parameters.begin(), parameters.end());
  return packet;
}

inline Bytes command_complete(Opcode opcode, Bytes returned, std::uint8_t credit = 1) {
  Bytes parameters{credit, static_cast<std::uint8_t>(opcode & 0xFF), static_cast<std::uint8_t>(opcode >> 8)};
  parameters.insert(parameters.end(), returned.begin(), returned.end());
  return event_packet(kCommandCompleteEvent, parameters);
}

inline Bytes command_status(Opcode opcode, std::uint8_t status, std::uint8_t credit = 1) {
  return event_packet(kCommandStatusEvent, {status, credit, static_cast<std::uint8_t>(opcode & 0xFF),
                                            static_cast<std::uint8_t>(opcode >> 8)});
}

/// Address 06:05:04:03:02:01 as it reads; the wire has it backwards.
inline Bytes legacy_report(const Bytes& data, std::int8_t rssi_dbm = -60) {
  Bytes parameters{0x02, 0x01, 0x03, 0x01, 1, 2, 3, 4, 5, 6, static_cast<std::uint8_t>(data.size())};
  parameters.insert(parameters.end(), data.begin(), data.end());
  parameters.push_back(static_cast<std::uint8_t>(rssi_dbm));
  return event_packet(kLeMetaEvent, parameters);
}

enum class Piece : std::uint8_t { kWhole = 0x00, kMoreToCome = 0x20, kTruncated = 0x40 };

inline Bytes extended_report_body(const Bytes& data, Piece piece = Piece::kWhole, std::uint8_t sid = 1,
                                  std::int8_t rssi_dbm = -60, std::uint8_t first_address_byte = 1) {
  Bytes body{static_cast<std::uint8_t>(piece),
             0,
             0x01,
             first_address_byte,
             2,
             3,
             4,
             5,
             6,
             1,
             1,
             sid,
             127,
             static_cast<std::uint8_t>(rssi_dbm),
             0,
             0,
             0,
             0,
             0,
             0,
             0,
             0,
             0,
             static_cast<std::uint8_t>(data.size())};
  body.insert(body.end(), data.begin(), data.end());
  return body;
}

inline Bytes extended_report(const std::vector<Bytes>& bodies) {
  Bytes parameters{0x0D, static_cast<std::uint8_t>(bodies.size())};
  for (const auto& body : bodies) parameters.insert(parameters.end(), body.begin(), body.end());
  return event_packet(kLeMetaEvent, parameters);
}

struct ScriptedController {
  bool extended = true;
  std::set<Opcode> silent_to;
  std::map<Opcode, std::uint8_t> status_of;  ///< other than 0
  std::uint8_t credit = 1;
  std::vector<Opcode> heard;

  /// Takes one whole command packet; gives the answer, empty for none.
  Bytes answer(const Bytes& packet) {
    const auto opcode = static_cast<Opcode>(packet.at(1) | packet.at(2) << 8);
    heard.push_back(opcode);
    if (silent_to.contains(opcode)) return {};
    Bytes returned{status_of.contains(opcode) ? status_of.at(opcode) : std::uint8_t{0}};
    if (opcode == kReadSupportedCommands) {
      returned.resize(65, 0);
      returned[1 + 37] = extended ? 0x60 : 0x00;
    }
    if (opcode == kReadLocalVersion) returned.resize(9, 0);
    return command_complete(opcode, returned, credit);
  }
};

}  // namespace exitgate::hal
