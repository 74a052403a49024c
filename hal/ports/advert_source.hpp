// Port: a Bluetooth LE receiver that reports advertisements (an H4 controller, the simulated one).
// Purpose: the shell hears adverts without knowing transport or controller.
//
// Ownership: the caller owns source and observer; the observer must outlive stop().
// Thread: all methods and callbacks on the loop's thread.
// Errors: through on_down(); the source resets, reopens and retries by itself, with back-off, until stop().
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"

namespace exitgate::hal {

/// RSSI of a report that carries none (Bluetooth Core 5.3, Vol 4, Part E, 7.7.65.2).
inline constexpr std::int8_t kRssiUnavailable = 127;

struct AdvertReport {
  MonoTime at{};
  std::array<std::uint8_t, 6> address{};  ///< most significant byte first
  std::uint8_t address_type = 0;
  std::int8_t rssi_dbm = kRssiUnavailable;
  bool extended = false;
  std::span<const std::uint8_t> data;  ///< complete AD structures; valid during the call
};

struct AdvertCounters {
  std::uint64_t reports = 0;
  std::uint64_t truncated = 0;   ///< extended reports the controller cut off, dropped
  std::uint64_t malformed = 0;   ///< HCI events whose lengths contradict, dropped
  std::uint64_t resets = 0;      ///< dialogues begun anew
};

class AdvertObserver {
 public:
  virtual ~AdvertObserver() = default;
  virtual void on_up(MonoTime at) = 0;
  virtual void on_down(MonoTime at, const Error& why) = 0;
  virtual void on_advert(const AdvertReport& report) = 0;
};

class AdvertSource {
 public:
  virtual ~AdvertSource() = default;
  virtual void start(AdvertObserver& observer) = 0;
  [[nodiscard]] virtual AdvertCounters counters() const = 0;
  virtual void stop() = 0;
};

}  // namespace exitgate::hal
