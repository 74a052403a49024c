#include "daemon/radio_settings.hpp"

namespace exitgate::daemon {

beacon::VerifierSettings radio_settings(const config::StoreConfig& config) {
  beacon::VerifierSettings settings;
  settings.store_id = config.gate.store_id.str();
  settings.max_age_s = config.gate.beacons.max_age_s;
  if (config.beacons) {
    settings.company_id = config.beacons->company_id;
    for (const auto& key : config.beacons->keys) settings.store_keys.push_back(key);
  }
  return settings;
}

std::vector<DeviceId> receivers_of(const config::StoreConfig& config) {
  std::vector<DeviceId> receivers;
  for (std::size_t i = 0; i < config.gate.devices.size(); ++i) {
    if (config.gate.devices[i].kind == DeviceKind::kReceiver) receivers.push_back(static_cast<DeviceId>(i));
  }
  return receivers;
}

}  // namespace exitgate::daemon
