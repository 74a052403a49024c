// From adverts to the controller's events: the verifier, its durable marks and its notices.
// Ownership: owns the verifier. Thread: one. Pure: time and clock are arguments. Errors: none; what is not proven is
// counted and dropped. Timing: call on_time() at next_deadline().
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "beacon/verifier.hpp"
#include "core/event.hpp"

namespace exitgate::beacon {

/// Of a report that carries no level (Bluetooth Core 5.3, Vol 4, Part E, 7.7.65.2).
inline constexpr std::int8_t kRssiUnavailable = 127;

class Radio {
 public:
  struct Sinks {
    std::function<void(Event)> event;
    std::function<void(std::vector<StoreWrite>)> store;
    std::function<void()> wants_pass_keys;
  };

  /// Marks and keys are those of `loaded`.
  Radio(VerifierSettings settings, const LoadedState& loaded, Sinks sinks);

  void on_advert(const Advert& advert, const ClockView& clock);
  void set_pass_keys(const std::vector<PassKey>& keys) { verifier_.set_pass_keys(keys); }
  void reconfigure(VerifierSettings settings) { verifier_.reconfigure(std::move(settings)); }
  void on_time(MonoTime now);
  [[nodiscard]] MonoTime next_deadline() const { return verifier_.next_deadline(); }
  /// What came in at these receivers since the last call, by result (metric beacons_total); the first time, nothing is
  /// told too.
  using CountSink = std::function<void(DeviceId receiver, std::string_view result, std::uint64_t more)>;
  void report_counts(std::span<const DeviceId> receivers, const CountSink& sink);

 private:
  void tell_notices();
  void tell_forgery(const ForgeryNotice& notice);

  BeaconVerifier verifier_;
  Sinks sinks_;
  std::map<std::pair<DeviceId, std::size_t>, std::uint64_t> reported_;
  std::map<Address, std::int8_t> forgers_;  ///< raised, with the level of each; no more than the watch tracks
};

}  // namespace exitgate::beacon
