// The daemon's metrics in Prometheus' text format; names carry the prefix exitgate_ (operation contract).
// Ownership: the daemon's; outlives whoever observes. Thread: the loop's. Units: seconds, as Prometheus has it.
// Bounds: label values come from the store file and from the contracts' vocabularies, never from the air.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/mono_time.hpp"
#include "core/status.hpp"
#include "ports/gate_control.hpp"

namespace exitgate::api {

class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Counts verdicts, passages and sealed receipts.
  void on_event(const PublicEvent& event);
  /// One durable transaction, from submit to its end.
  void observe_commit(Duration took);
  /// One question to the backend, from asking to its answer.
  void observe_confirm(Duration took);
  /// One exchange with a device.
  void observe_device_request(std::string_view device, Duration took);
  /// Adverts of a receiver by what became of them: "accepted", "mac", "stale", ….
  void count_beacons(std::string_view receiver, std::string_view result, std::uint64_t count = 1);

  /// Everything, with the gauges as `view` has them.
  [[nodiscard]] std::string text(const GateView& view);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace exitgate::api
