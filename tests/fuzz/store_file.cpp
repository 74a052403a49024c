// Store files. A store file is small, but what its reader takes over it drives barriers with: whatever is loaded is
// whole, whatever is refused says where.
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "backend/test_certificates.hpp"
#include "config/config_json.hpp"
#include "config/load.hpp"
#include "fuzz_input.hpp"

namespace exitgate::config {
namespace {

constexpr std::string_view kBeaconKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeea1";

/// A folder for the process's life with the files the examples name.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "exitgate-fuzz-XXXXXX").string();
    EXITGATE_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    std::filesystem::create_directory(path_ / "tls");
    testing::CertificateMaker authority(path_ / "tls", "backend");
    std::filesystem::copy_file(authority.ca_file(), path_ / "tls/ca.pem");
    authority.issue("gate", {});
    write("keys/beacon.key", kBeaconKey);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

void check_findings(const LoadResult& result) {
  EXITGATE_CHECK((result.config == nullptr) == has_errors(result.findings));
  for (const Finding& finding : result.findings) {
    EXITGATE_CHECK(finding.line >= 1 && finding.column >= 1 && !finding.key.empty());
    const std::string line = to_string(finding);
    for (const char c : line)
      EXITGATE_CHECK(c != '\n' && c != '\r' && c != '\x1b');  // one line, and no terminal's orders
    EXITGATE_CHECK(line.find(kBeaconKey) == std::string::npos);
  }
}

void check_config(const StoreConfig& config) {
  EXITGATE_CHECK(!config.gate.lanes.empty() && config.gate.lanes.size() <= 32);
  EXITGATE_CHECK(config.devices.size() == config.gate.devices.size());
  for (const Point& point : config.points) {
    const Device& device = config.devices.at(point.device);
    EXITGATE_CHECK(point.index < (point.output ? device.outputs.size() : device.inputs.size()));
  }
  const std::string shown = to_json(config);
  EXITGATE_CHECK(shown.find(kBeaconKey) == std::string::npos);
  boost::json::error_code error;
  EXITGATE_CHECK(boost::json::parse(shown, error).is_object() && !error);
  EXITGATE_CHECK(taken_lane_by_lane(config, config));
}

}  // namespace
}  // namespace exitgate::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  static const config::Folder kFolder;
  static const config::Environment kEnvironment{
      .credentials_directory = {}, .state_directory = {}, .zoneinfo = "/nonexistent"};
  const auto file = kFolder.write("store.toml", fuzz::text_of({data, size}));
  const auto result = config::load(file, kEnvironment);
  config::check_findings(result);
  if (result.config) config::check_config(*result.config);
  const auto again = config::load(file, kEnvironment);
  EXITGATE_CHECK(again.findings == result.findings);
  if (result.config) EXITGATE_CHECK(config::to_json(*again.config) == config::to_json(*result.config));
  return 0;
}
