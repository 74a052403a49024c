// A store file in a folder of its own, with certificates and keys beside it, removed at the end.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "backend/test_certificates.hpp"
#include "config/load.hpp"

namespace exitgate::config {

inline std::string content_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

class StoreFolder {
 public:
  StoreFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "exitgate-config-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
    std::filesystem::create_directory(path_ / "tls");
    testing::CertificateMaker authority(path_ / "tls", "backend");
    std::filesystem::copy_file(authority.ca_file(), path_ / "tls/ca.pem");
    authority.issue("gate", {});
    write("keys/beacon.key", std::string(62, '0') + "a1\n");
  }
  ~StoreFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
  }
  [[nodiscard]] LoadResult load(std::string_view store, const Environment& environment = {}) const {
    write("store.toml", store);
    return config::load(path_ / "store.toml", environment);
  }

 private:
  std::filesystem::path path_;
};

/// "LINE:COLUMN: error: KEY: found X; expected Y" of each finding.
[[nodiscard]] inline std::vector<std::string> lines_of(const LoadResult& result) {
  std::vector<std::string> lines;
  for (const Finding& finding : result.findings) {
    lines.push_back(to_string(finding).substr(finding.file.size() + 1));
  }
  return lines;
}

/// `text` with its only `from` replaced.
[[nodiscard]] inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string::npos || text.find(from, at + 1) != std::string::npos) {
    throw std::invalid_argument("not exactly one: " + std::string(from));
  }
  return text.replace(at, from.size(), to);
}

/// One cart lane with a barrier, complete and without a finding.
inline const std::string kStore = R"(schema = 1
[store]
id = "SEA-042"
gate = "front"
timezone = "America/Los_Angeles"
[backend]
url = "https://checkout.example:8443/gates/"
ca_file = "tls/ca.pem"
certificate_file = "tls/gate.pem"
private_key_file = "tls/gate.key"
[beacons]
key_files = ["keys/beacon.key"]
[[device]]
name = "io1"
driver = "modbus-tcp"
address = "192.168.10.20:502"
fail_safe = true
[[device]]
name = "chip0"
driver = "gpiochip"
path = "/dev/gpiochip0"
fail_safe = true
[[device]]
name = "rx1"
driver = "hci-uart"
path = "/dev/ttyUSB1"
baud = 1000000
[[lane]]
id = "1"
mode = "cart"
receiver = "rx1"
inputs.approach = { point = "io1/discrete/0", active = "high", debounce_ms = 25 }
inputs.safety = "io1/discrete/1"
inputs.exit = "chip0/EYE_X1"
inputs.staff_key = { point = "chip0/17", bias = "pull-up", active = "low" }
inputs.release = { point = "io1/discrete/5", active = "low" }
outputs.barrier = { point = "io1/coil/0", energised = "closed" }
outputs.signal_green = "io1/coil/1"
timing.close_delay_ms = 900
[inputs]
fire_alarm = { point = "io1/discrete/6", active = "low" }
[outputs]
alive = "chip0/ALIVE"
)";

}  // namespace exitgate::config
