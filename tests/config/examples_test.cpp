#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "store_folder.hpp"

namespace exitgate::config {
TEST_CASE("every example store is accepted without a finding") {
  const StoreFolder folder;
  folder.write("keys/beacon-next.key", std::string(64, 'c'));
  folder.write("credentials/gate.key", content_of(folder.path() / "tls/gate.key"));
  Environment environment;
  environment.credentials_directory = folder.path() / "credentials";
  int examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(EXITGATE_SOURCE_DIR "/config/examples")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    ++examples;
    const auto result = folder.load(content_of(entry.path()), environment);
    CHECK(lines_of(result) == std::vector<std::string>{});
    CHECK(result.config);
  }
  CHECK(examples == 3);
}

TEST_CASE("the mixed example spreads its lanes over both kinds of Modbus and two receivers") {
  const StoreFolder folder;
  folder.write("keys/beacon-next.key", std::string(64, 'c'));
  const auto result = folder.load(content_of(EXITGATE_SOURCE_DIR "/config/examples/mixed-four-lanes.toml"));
  REQUIRE(result.config);
  const StoreConfig& config = *result.config;
  REQUIRE(config.gate.lanes.size() == 4);
  CHECK(config.beacons->keys.size() == 2);
  CHECK(config.gate.lanes[0].receiver == config.gate.lanes[1].receiver);
  CHECK(config.gate.lanes[1].receiver != config.gate.lanes[2].receiver);
  const auto& bus = config.devices.at(config.gate.lanes[3].input(InputRole::kSafety).value().device);
  CHECK(std::get<ModbusRtu>(bus.driver).unit == 2);
  CHECK(bus.inputs.size() == 6);
  CHECK(bus.outputs.size() == 3);
  CHECK(config.gate.lanes[3].timing.join_gap == milliseconds{2000});
}

}  // namespace exitgate::config
