// What the store file says of beacons, as the radio takes it. Pure.
#pragma once

#include <vector>

#include "beacon/verifier.hpp"
#include "config/store_config.hpp"

namespace exitgate::daemon {

[[nodiscard]] beacon::VerifierSettings radio_settings(const config::StoreConfig& config);
/// Of the configured devices those that hear adverts.
[[nodiscard]] std::vector<DeviceId> receivers_of(const config::StoreConfig& config);

}  // namespace exitgate::daemon
