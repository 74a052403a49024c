// The box's devices: builds the drivers a store file names and turns their callbacks into the controller's events.
//
// Ownership: owns drivers and buses; the io_context and the sinks outlive it. Thread: the loop's.
// Errors: building tells them (codes of the drivers); all else comes as DeviceDown. Polarity is hidden here: events
// speak of active inputs and energised outputs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/store_config.hpp"
#include "core/event.hpp"
#include "hal/ports/advert_source.hpp"
#include "hal/ports/digital_device.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::daemon {

struct DeviceSinks {
  std::function<void(Event)> event;
  std::function<void(DeviceId, const hal::AdvertReport&)> advert;
  /// One exchange with a device took so long; the metric device_request_seconds.
  std::function<void(DeviceId, Duration)> request_took;
};

class Devices {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Devices>> build(boost::asio::io_context& loop,
                                                              const config::StoreConfig& config, DeviceSinks sinks);
  ~Devices();
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;

  void start();
  void write(PointId output, bool energised);
  void read_outputs(DeviceId device);
  /// How many writes are on their way.
  [[nodiscard]] std::size_t writes_pending() const;
  void stop();

 private:
  struct Impl;
  explicit Devices(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace exitgate::daemon
