// Builds the drivers a store file names. The only place that knows all of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "config/store_config.hpp"
#include "hal/modbus/modbus_bus.hpp"
#include "hal/ports/advert_source.hpp"
#include "hal/ports/digital_device.hpp"

namespace exitgate::daemon {

/// Drivers by device. Buses and owned drivers are kept alive beside the pointers into them.
struct Drivers {
  std::vector<std::unique_ptr<hal::ModbusBus>> buses;
  std::vector<std::unique_ptr<hal::DigitalDevice>> owned;
  std::map<DeviceId, hal::DigitalDevice*> digital;
  std::map<DeviceId, std::unique_ptr<hal::AdvertSource>> adverts;
};

[[nodiscard]] Result<Drivers> build_drivers(boost::asio::io_context& loop, const config::StoreConfig& config,
                                            const std::function<void(DeviceId, Duration)>& request_took);

}  // namespace exitgate::daemon
