// What a driver's test must build so that the contract suite (advert_source_contract.hpp) can run against it: the
// driver, and the radio it listens to. One bench is built for each test and destroyed after it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "base/encoding.hpp"
#include "hal/ports/advert_source.hpp"

namespace exitgate::hal {

struct SentAdvert {
  std::array<std::uint8_t, 6> address{};  ///< most significant byte first
  std::int8_t rssi_dbm = -60;
  bool extended = false;
  Bytes data;
};

class AdvertSourceBench {
 public:
  virtual ~AdvertSourceBench() = default;

  /// The driver, not started. The suite starts and stops it.
  [[nodiscard]] virtual AdvertSource& source() = 0;
  /// Sends an advert, once; lost while the receiver is down.
  virtual void send(const SentAdvert& advert) = 0;
  /// The receiver is gone (cable pulled), and comes back. May be called before the start.
  virtual void vanish() = 0;
  virtual void restore() = 0;
  [[nodiscard]] virtual MonoTime now() const = 0;
  /// Turns the loop (or advances the virtual clock) until the condition holds; false when `bound` is over before.
  [[nodiscard]] virtual bool run_until(const std::function<bool()>& condition, Duration bound) = 0;
};

}  // namespace exitgate::hal
