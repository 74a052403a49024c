#include "config/load.hpp"

#include <cstdlib>
#include <cstring>
#include <utility>

#include "config/readers.hpp"
#include "config/report.hpp"

namespace exitgate::config {
namespace {

void read_root(const toml::table& table, const Files& files, Report& report, StoreConfig& config) {
  Section root(report, table, "");
  if (!root.has("schema")) root.error("schema", "nothing", "1");
  (void)root.integer("schema", 1, 1, 1);
  read_sections(root, files, config);
  auto devices = read_devices(root, files);
  read_lanes(root, devices, config);
  root.finish();
  for (DeviceDraft& draft : devices) {
    const bool receiver = is_receiver_driver(draft.device.driver) || draft.used_as_receiver;
    config.gate.devices.push_back({draft.device.name, receiver ? DeviceKind::kReceiver : DeviceKind::kDigital});
    config.devices.push_back(std::move(draft.device));
  }
}

}  // namespace

Environment process_environment() {
  Environment environment;
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory != nullptr && *directory != '\0') environment.credentials_directory = directory;
  const char* state = std::getenv("STATE_DIRECTORY");
  // systemd gives a list; the first is the unit's own.
  if (state != nullptr && *state != '\0') environment.state_directory = std::string(state, std::strcspn(state, ":"));
  return environment;
}

LoadResult load(const std::filesystem::path& file, const Environment& environment) {
  Report report(file.string());
  auto config = std::make_shared<StoreConfig>();
  std::error_code error;
  config->file = std::filesystem::absolute(file, error).lexically_normal();
  const auto content = read_small_file(file);
  if (!content) {
    report.error({}, "file", "one that cannot be read (" + content.error().message + ")", "a store file");
    return {nullptr, report.take()};
  }
  try {
    const toml::table table = toml::parse(std::string_view(*content));
    read_root(table, Files(config->file.parent_path(), environment), report, *config);
  } catch (const toml::parse_error& broken) {
    report.error(place_of(broken.source()), "syntax", std::string(broken.description()), "TOML 1.0");
  }
  const bool good = !report.has_errors();
  return {good ? std::move(config) : nullptr, report.take()};
}

}  // namespace exitgate::config
