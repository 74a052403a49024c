// Reads LE Advertising Report and LE Extended Advertising Report events and puts fragmented reports together
// (Bluetooth Core 5.3, Vol 4, Part E, 7.7.65.2 and 7.7.65.13).
// Pure; any parameters are safe: an event whose lengths contradict is dropped whole and counted.
// Bounds: kMaxChains adverts in pieces at a time, each kMaxAdvertSize bytes and kChainAge old; what is beyond is
// dropped and counted as truncated. No allocation per report once the chains have been used.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/encoding.hpp"
#include "hal/ports/advert_source.hpp"

namespace exitgate::hal {

class AdvertReports {
 public:
  static constexpr std::size_t kMaxChains = 64;
  static constexpr std::size_t kMaxAdvertSize = 1650;  ///< the longest extended advertising data
  static constexpr Duration kChainAge = milliseconds{1000};

  /// False from `deliver` ends the event: the listener is gone.
  using Deliver = std::function<bool(const AdvertReport&)>;

  /// Parameters of an LE meta event; subevents that are no reports are skipped.
  void read(MonoTime at, std::span<const std::uint8_t> parameters, const Deliver& deliver);
  /// A new dialogue: what was in pieces will not be completed.
  void forget_pieces();
  [[nodiscard]] const AdvertCounters& counters() const { return counters_; }

 private:
  struct Chain {
    bool used = false;
    std::array<std::uint8_t, 6> address{};
    std::uint8_t address_type = 0;
    std::uint8_t sid = 0;
    std::int8_t rssi_dbm = kRssiUnavailable;
    MonoTime begun{};
    Bytes data;
  };
  void read_legacy(MonoTime at, std::span<const std::uint8_t> parameters, const Deliver& deliver);
  void read_extended(MonoTime at, std::span<const std::uint8_t> parameters, const Deliver& deliver);
  [[nodiscard]] bool take_extended(MonoTime at, std::span<const std::uint8_t> report, const Deliver& deliver);
  [[nodiscard]] Chain* find_chain(MonoTime at, const AdvertReport& report, std::uint8_t sid);
  [[nodiscard]] Chain& begin_chain(MonoTime at, const AdvertReport& report, std::uint8_t sid);
  [[nodiscard]] bool append(Chain& chain, const AdvertReport& report);
  void drop(Chain& chain);

  std::vector<Chain> chains_;
  AdvertCounters counters_;
};

}  // namespace exitgate::hal
