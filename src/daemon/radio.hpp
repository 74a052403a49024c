// From adverts to the controller's events: the verifier, its durable marks and its notices.
// Ownership: owns the verifier. Thread: the loop's. Timing: call on_time() at next_deadline().
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "beacon/verifier.hpp"
#include "config/store_config.hpp"
#include "core/event.hpp"
#include "hal/ports/advert_source.hpp"

namespace exitgate::daemon {

class Radio {
 public:
  struct Sinks {
    std::function<void(Event)> event;
    std::function<void(std::vector<StoreWrite>)> store;
    std::function<void()> wants_pass_keys;
  };

  Radio(const config::StoreConfig& config, const LoadedState& loaded, Sinks sinks);

  void on_advert(DeviceId receiver, const hal::AdvertReport& report, const ClockView& clock);
  void set_pass_keys(const std::vector<PassKey>& keys) { verifier_.set_pass_keys(keys); }
  void reconfigure(const config::StoreConfig& config);
  void on_time(MonoTime now);
  [[nodiscard]] MonoTime next_deadline() const { return verifier_.next_deadline(); }
  /// What came in since the last call, by result (metric beacons_total).
  using CountSink = std::function<void(DeviceId receiver, std::string_view result, std::uint64_t more)>;
  void report_counts(const CountSink& sink);

 private:
  void tell_notices();

  beacon::BeaconVerifier verifier_;
  Sinks sinks_;
  std::map<std::pair<DeviceId, std::size_t>, std::uint64_t> reported_;
  std::vector<DeviceId> receivers_;
};

}  // namespace exitgate::daemon
