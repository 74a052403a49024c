#include <catch2/catch_test_macros.hpp>
#include <random>

#include "store_folder.hpp"

namespace exitgate::config {

TEST_CASE("a complete store file becomes one configuration without findings") {
  const StoreFolder folder;
  const auto result = folder.load(kStore);
  CHECK(lines_of(result) == std::vector<std::string>{});
  REQUIRE(result.config);
  const StoreConfig& config = *result.config;
  CHECK(config.gate.store_id.view() == "SEA-042");
  CHECK(config.gate.gate_id.view() == "front");
  CHECK(config.timezone == "America/Los_Angeles");
  CHECK(config.backend.endpoint == Endpoint{"checkout.example", 8443});
  CHECK(config.backend.base_path == "/gates");
  CHECK(config.backend.ca_file == folder.path() / "tls/ca.pem");
  CHECK(config.gate.confirm_timeout == milliseconds{800});
  REQUIRE(config.beacons);
  CHECK(config.beacons->company_id == 0xFFFF);
  REQUIRE(config.beacons->keys.size() == 1);
  CHECK(config.beacons->keys[0][31] == 0xa1);
  CHECK(config.receipts.database == "receipts.db");
  CHECK(config.api.socket == "control.sock");
  CHECK_FALSE(config.api.listen);
  CHECK(config.shutdown_outputs == ShutdownOutputs::kOpen);
  CHECK(config.clock_trust == ClockTrust::kKernel);
}

TEST_CASE("the point table leads from a lane's inputs and outputs to ports of devices") {
  const StoreFolder folder;
  const auto result = folder.load(kStore);
  REQUIRE(result.config);
  const StoreConfig& config = *result.config;
  const LaneConfig& lane = config.gate.lanes.at(0);
  CHECK(lane.timing.close_delay == milliseconds{900});
  CHECK(lane.timing.lapse == milliseconds{8000});
  CHECK(lane.receiver == DeviceId{2});

  const InputBinding& approach = lane.input(InputRole::kApproach).value();
  CHECK(approach.debounce == milliseconds{25});
  const Point& point = config.points.at(approach.point);
  CHECK(point.device == 0);
  CHECK_FALSE(point.output);
  CHECK(point.active_high);
  CHECK(point.address == "io1/discrete/0");
  CHECK(point.use == "lane[1].inputs.approach");
  CHECK(config.devices.at(0).inputs.at(point.index).address == PointAddress(DiscreteAddress{0}));

  const Point& key = config.points.at(lane.input(InputRole::kStaffKey).value().point);
  CHECK_FALSE(key.active_high);
  CHECK(config.devices.at(1).inputs.at(key.index).address == PointAddress(LineOffset{17}));
  CHECK(config.devices.at(1).inputs.at(key.index).bias == Bias::kPullUp);
  const Point& exit = config.points.at(lane.input(InputRole::kExit).value().point);
  CHECK(config.devices.at(1).inputs.at(exit.index).address == PointAddress(LineName{"EYE_X1"}));

  const OutputBinding& barrier = lane.output(OutputRole::kBarrier).value();
  CHECK(barrier.energised_closed);
  const Point& coil = config.points.at(barrier.point);
  CHECK(coil.output);
  CHECK(config.devices.at(0).outputs.at(coil.index).address == PointAddress(CoilAddress{0}));
  CHECK(config.devices.at(1).outputs.at(config.points.at(config.gate.alive.value().point).index).address ==
        PointAddress(LineName{"ALIVE"}));
  CHECK(config.points.size() == 9);
  CHECK(config.gate.devices.at(2).kind == DeviceKind::kReceiver);
  CHECK(config.gate.devices.at(1).kind == DeviceKind::kDigital);
}

TEST_CASE("drivers keep their own settings") {
  const StoreFolder folder;
  const auto result = folder.load(kStore);
  REQUIRE(result.config);
  const auto& devices = result.config->devices;
  const auto& tcp = std::get<ModbusTcp>(devices.at(0).driver);
  CHECK(tcp.address == Endpoint{"192.168.10.20", 502});
  CHECK(tcp.unit == 1);
  CHECK(tcp.poll == milliseconds{10});
  CHECK(tcp.response == milliseconds{100});
  CHECK(std::get<GpioChip>(devices.at(1).driver).path == "/dev/gpiochip0");
  const auto& uart = std::get<HciUart>(devices.at(2).driver);
  CHECK(std::get<TtyTransport>(uart.transport).path == "/dev/ttyUSB1");
  CHECK(std::get<TtyTransport>(uart.transport).baud == 1000000);
  CHECK(std::get<TtyTransport>(uart.transport).flow_control);
}

TEST_CASE("a receiver may sit behind a UNIX socket or a TCP port") {
  const StoreFolder folder;
  const auto local = folder.load(with(kStore, "path = \"/dev/ttyUSB1\"", "path = \"unix:run/bt\""));
  REQUIRE(local.config);
  const auto& at_socket = std::get<HciUart>(local.config->devices.at(2).driver);
  CHECK(std::get<UnixTransport>(at_socket.transport).path == folder.path() / "run/bt");
  const auto remote = folder.load(with(kStore, "path = \"/dev/ttyUSB1\"", "path = \"tcp:[::1]:4000\""));
  REQUIRE(remote.config);
  const auto& at_port = std::get<HciUart>(remote.config->devices.at(2).driver);
  CHECK(std::get<TcpTransport>(at_port.transport).address == Endpoint{"::1", 4000});
}

TEST_CASE("an accessible lane starts from the longer times, and its own keys still win") {
  const StoreFolder folder;
  const auto result = folder.load(with(kStore, "mode = \"cart\"", "mode = \"cart\"\naccessible = true"));
  REQUIRE(result.config);
  const LaneTiming& timing = result.config->gate.lanes.at(0).timing;
  CHECK(timing.lapse == milliseconds{20000});
  CHECK(timing.join_gap == milliseconds{3000});
  CHECK(timing.close_delay == milliseconds{900});
}

TEST_CASE("credentials come from the service's directory") {
  const StoreFolder folder;
  folder.write("given/beacon", std::string(64, 'F') + "\n");
  const auto text = with(kStore, "keys/beacon.key", "credential:beacon");
  Environment environment;
  environment.credentials_directory = folder.path() / "given";
  const auto result = folder.load(text, environment);
  REQUIRE(result.config);
  CHECK(result.config->beacons->keys.at(0)[0] == 0xff);

  const auto without = folder.load(text);
  CHECK_FALSE(without.config);
  REQUIRE(without.findings.size() == 1);
  CHECK(without.findings[0].line == 12);
  CHECK(without.findings[0].column == 14);
  CHECK(without.findings[0].found.find("$CREDENTIALS_DIRECTORY is not set") != std::string::npos);
}

TEST_CASE("warnings come with a configuration") {
  const StoreFolder folder;
  const auto result = folder.load(with(kStore, "fire_alarm = { point = \"io1/discrete/6\", active = \"low\" }", ""));
  CHECK(result.config);
  CHECK(lines_of(result) ==
        std::vector<std::string>{"40:1: warning: inputs.fire_alarm: found nothing; expected the fire panel's "
                                 "contact: without it the lanes do not know of an alarm"});
}

TEST_CASE("a slow receiver line is a warning") {
  const StoreFolder folder;
  const auto result = folder.load(with(kStore, "baud = 1000000", "baud = 115200"));
  CHECK(result.config);
  CHECK(lines_of(result) ==
        std::vector<std::string>{"27:8: warning: device[rx1].baud: found 115200; expected 1000000 or more, or "
                                 "adverts are lost when many carts are near"});
}

TEST_CASE("a store file that cannot be read is a finding") {
  const StoreFolder folder;
  const auto result = load(folder.path() / "none.toml", {});
  CHECK_FALSE(result.config);
  REQUIRE(result.findings.size() == 1);
  const std::string file = (folder.path() / "none.toml").string();
  CHECK(to_string(result.findings[0]) == file + ":1:1: error: file: found one that cannot be read (" + file +
                                             ": No such file or directory); expected a store file");
}

TEST_CASE("a TOML mistake is a finding with its place") {
  const StoreFolder folder;
  const auto result = folder.load("schema = 1\n[store\nid = 1\n");
  CHECK_FALSE(result.config);
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].line == 2);
  CHECK(result.findings[0].key == "syntax");
  CHECK(result.findings[0].expected == "TOML 1.0");
}

TEST_CASE("any text at all is answered with findings, never with an exception") {
  const StoreFolder folder;
  for (std::size_t size = 0; size < kStore.size(); size += 7) {
    const auto result = folder.load(kStore.substr(0, size));
    CHECK((result.config == nullptr) == has_errors(result.findings));
  }
  for (const char* text : {"", "schema = 1", "[[lane]]\n[[device]]", "lane = 1\ndevice = [1, \"x\"]", "\xff\xfe",
                           "inputs = 3", "[store.id]\n[backend.url]\n[[lane]]\nid.x = 1\ninputs = []\nreceiver = {}"}) {
    INFO(text);
    CHECK(has_errors(folder.load(text).findings));
  }
}

TEST_CASE("a store file damaged anywhere is answered with findings of one line each") {
  const StoreFolder folder;
  std::mt19937 random(4711);  // always the same damages
  const std::vector<std::string> scraps{"\"",     "[[", "]",   "{",    "=",          "'",    "\n",
                                        "\"\"\"", "-1", "nan", "true", "1979-05-27", "lane", "\xff"};
  int accepted = 0;
  for (int round = 0; round < 300; ++round) {
    std::string text = kStore;
    for (int damage = 0; damage < 2; ++damage) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text.erase(at, 1 + random() % 20);
      } else {
        text.insert(at, scraps[random() % scraps.size()]);
      }
    }
    const auto result = folder.load(text);
    INFO(text);
    CHECK((result.config == nullptr) == has_errors(result.findings));
    for (const std::string& line : lines_of(result)) CHECK(line.find('\n') == std::string::npos);
    accepted += result.config ? 1 : 0;
  }
  CHECK(accepted < 100);
}

}  // namespace exitgate::config
