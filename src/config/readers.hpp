// The parts of reading a store file, in the order load() takes them. Each fills its part of the configuration and
// reports what is wrong; what a part leaves behind after an error is never used outside config/. Private to config/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/files.hpp"
#include "config/section.hpp"
#include "config/store_config.hpp"

namespace exitgate::config {

/// [store] [clock] [backend] [offline] [receipts] [api] [shutdown], and [beacons] where it is there.
void read_sections(Section& root, const Files& files, StoreConfig& config);

/// A [[device]] while the file is read.
struct DeviceDraft {
  Section section;
  Device device;              ///< name empty: there was no valid one
  bool driver_valid = false;  ///< false: the driver is unknown, and points on it are not judged
  bool used = false;
  bool used_as_receiver = false;
};
[[nodiscard]] bool is_receiver_driver(const Driver& driver);
[[nodiscard]] std::vector<DeviceDraft> read_devices(Section& root, const Files& files);

/// [[lane]], [inputs] and [outputs]: binds points to devices, and judges what lanes need. Reports devices nobody uses.
void read_lanes(Section& root, std::vector<DeviceDraft>& devices, StoreConfig& config);

}  // namespace exitgate::config
