// A Bluetooth LE controller as its host sees it through H4: answers commands and reports what it hears while scanning.
// Pure: bytes in, bytes out; no clock. One object is one controller; it outlives connections, as hardware does.
// Protocol: Bluetooth Core 5.3, Vol 4, Part A (H4), Part E: 7.1–7.8 (commands), 7.7.65.2 and 7.7.65.13 (reports),
// 6.27 (supported commands).
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <span>

#include "base/encoding.hpp"

namespace exitgate::rig {

struct ControllerTraits {
  bool extended = true;              ///< knows LE Set Extended Scan Parameters and Enable
  std::size_t fragment_bytes = 229;  ///< longest data in one extended report (1–229); longer adverts come in pieces
  std::array<std::uint8_t, 6> address{0xC0, 0xFF, 0xEE, 0, 0, 1};  ///< most significant byte first
};

struct Advert {
  std::array<std::uint8_t, 6> address{};  ///< random static, most significant byte first
  std::int8_t rssi_dbm = 127;
  bool extended = false;  ///< sent as extended advertising: a legacy scan does not hear it
  Bytes data;             ///< complete AD structures
};

class HciController {
 public:
  explicit HciController(ControllerTraits traits = {}) : traits_(traits) {}

  /// Takes bytes from the host; gives back what the controller sends in answer.
  [[nodiscard]] Bytes receive(std::span<const std::uint8_t> bytes);
  /// An advert reached the antenna: the report, or nothing while not scanning.
  [[nodiscard]] Bytes hear(const Advert& advert);
  [[nodiscard]] bool scanning() const { return scan_ != Scan::kOff; }
  /// A controller that hangs takes bytes and says nothing, until its power is cycled.
  void hang(bool hung) { hung_ = hung; }
  [[nodiscard]] std::uint64_t resets() const { return resets_; }

 private:
  enum class Scan : std::uint8_t { kOff, kLegacy, kExtended };
  enum class Family : std::uint8_t { kNone, kLegacy, kExtended };

  void command(std::uint16_t opcode, std::span<const std::uint8_t> parameters, Bytes& out);
  void reset();
  [[nodiscard]] std::uint8_t enable_scan(Family family, std::span<const std::uint8_t> parameters);
  [[nodiscard]] std::uint8_t set_scan_parameters(Family family);
  [[nodiscard]] bool claim(Family family);
  [[nodiscard]] Bytes supported_commands() const;
  [[nodiscard]] bool subevent_enabled(unsigned subevent) const;
  void report_legacy(const Advert& advert, Bytes& out) const;
  void report_extended(const Advert& advert, Bytes& out) const;

  ControllerTraits traits_;
  Bytes buffer_;
  Scan scan_ = Scan::kOff;
  Family family_ = Family::kNone;  ///< legacy and extended commands may not be mixed after one Reset
  std::uint64_t event_mask_ = 0;
  std::uint64_t le_event_mask_ = 0;
  bool filter_duplicates_ = false;
  std::set<std::array<std::uint8_t, 6>> seen_;
  std::uint64_t resets_ = 0;
  bool hung_ = false;
};

}  // namespace exitgate::rig
