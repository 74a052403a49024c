#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "store_folder.hpp"

namespace exitgate::config {
namespace {

struct Change {
  std::string from;
  std::string to;
};

/// The findings of kStore with one change made.
std::vector<std::string> findings_with(const StoreFolder& folder, const Change& change) {
  return lines_of(folder.load(with(kStore, change.from, change.to)));
}

/// On a miss every line is shown with the failed check.
bool any_starts_with(const std::vector<std::string>& lines, std::string_view start) {
  const auto starts = [&](const std::string& line) { return line.starts_with(start); };
  if (std::any_of(lines.begin(), lines.end(), starts)) return true;
  for (const std::string& line : lines) UNSCOPED_INFO(line);
  return false;
}

/// A walkout lane whose gate has its own control unit.
const std::string kPulseStore = R"(schema = 1
store = { id = "S", gate = "g", timezone = "UTC" }
inputs.fire_alarm = "io1/discrete/9"
[backend]
url = "https://[::1]"
ca_file = "tls/ca.pem"
certificate_file = "tls/gate.pem"
private_key_file = "tls/gate.key"
[[device]]
name = "io1"
driver = "modbus-tcp"
address = "10.0.0.1:502"
fail_safe = true
[[lane]]
id = "w"
mode = "walkout"
inputs.approach = "io1/discrete/0"
inputs.passage = "io1/discrete/1"
outputs.open_pulse = "io1/coil/0"
outputs.hold_open = "io1/coil/1"
)";

std::string rtu_store(std::string_view first, std::string_view second) {
  auto text = with(kPulseStore, "driver = \"modbus-tcp\"\naddress = \"10.0.0.1:502\"",
                   "driver = \"modbus-rtu\"\npath = \"/dev/ttyUSB0\"\n" + std::string(first));
  text = with(text, "[[lane]]",
              "[[device]]\nname = \"io2\"\ndriver = \"modbus-rtu\"\npath = \"/dev/ttyUSB0\"\n" + std::string(second) +
                  "\n[[lane]]");
  return with(text, "inputs.passage = \"io1/discrete/1\"",
              "inputs.passage = \"io2/discrete/1\"\ninputs.safety = \"io1/discrete/2\"");
}

}  // namespace

TEST_CASE("a barrier lane without approach, safety or exit is refused") {
  const StoreFolder folder;
  CHECK(findings_with(folder, {"inputs.safety = \"io1/discrete/1\"\n", ""}) ==
        std::vector<std::string>{
            "32:1: error: lane[1].inputs.safety: found nothing; expected a point: a lane with a barrier needs "
            "approach, safety and exit"});
  CHECK(any_starts_with(findings_with(folder, {"inputs.exit = \"chip0/EYE_X1\"\n", ""}),
                        "32:1: error: lane[1].inputs.exit"));
}

TEST_CASE("a pulse gate stands complete with approach, passage and hold_open") {
  const StoreFolder folder;
  const auto result = folder.load(kPulseStore);
  CHECK(lines_of(result) == std::vector<std::string>{});
  REQUIRE(result.config);
  CHECK(result.config->gate.lanes.at(0).pulse_drive());
  CHECK_FALSE(result.config->beacons);
  CHECK(result.config->backend.endpoint == Endpoint{"::1", 443});
}

TEST_CASE("a pulse gate without passage and exit, or without hold_open, is refused") {
  const StoreFolder folder;
  const auto lacks_count = lines_of(folder.load(with(kPulseStore, "inputs.passage = \"io1/discrete/1\"\n", "")));
  CHECK(any_starts_with(lacks_count, "17:1: error: lane[w].inputs.passage: found nothing; expected a point"));
  const auto lacks_hold = lines_of(folder.load(with(kPulseStore, "outputs.hold_open = \"io1/coil/1\"\n", "")));
  CHECK(any_starts_with(lacks_hold, "19:1: error: lane[w].outputs.hold_open: found nothing"));
}

TEST_CASE("a lane has exactly one drive") {
  const StoreFolder folder;
  const Change both{"outputs.signal_green = \"io1/coil/1\"", "outputs.open_pulse = \"io1/coil/1\""};
  CHECK(any_starts_with(findings_with(folder, both),
                        "38:22: error: lane[1].outputs.open_pulse: found it beside barrier"));
  const Change none{"outputs.barrier = { point = \"io1/coil/0\", energised = \"closed\" }\n", ""};
  CHECK(any_starts_with(findings_with(folder, none), "37:1: error: lane[1].outputs.barrier: found nothing"));
  const Change hold{"outputs.signal_green", "outputs.hold_open"};
  CHECK(
      any_starts_with(findings_with(folder, hold), "38:21: error: lane[1].outputs.hold_open: found it beside barrier"));
}

TEST_CASE("receivers and points keep to devices of their kind") {
  const StoreFolder folder;
  CHECK(any_starts_with(findings_with(folder, {"receiver = \"rx1\"", "receiver = \"io1\""}),
                        "31:12: error: lane[1].receiver: found \"io1\", a device with driver \"modbus-tcp\""));
  CHECK(any_starts_with(findings_with(folder, {"receiver = \"rx1\"", "receiver = \"rx2\""}),
                        "31:12: error: lane[1].receiver: found \"rx2\"; expected the name of a receiver"));
  CHECK(any_starts_with(
      findings_with(folder, {"\"io1/discrete/1\"", "\"rx1/discrete/1\""}),
      "33:17: error: lane[1].inputs.safety: found \"rx1/discrete/1\"; expected a point of a device with inputs"));
}

TEST_CASE("points have the form of their driver") {
  const StoreFolder folder;
  for (const char* bad :
       {"\"io1\"", "\"io1/\"", "\"/discrete/1\"", "\"io1/discrete\"", "\"io1/discrete/\"", "\"io1/discrete/x\"",
        "\"io1/discrete/65536\"", "\"io1/discrete/-1\"", "\"io1/holding/1\"", "\"io1/coil/1\"", "\"\"",
        "\"chip0/99999\"", "\"chip0/a-name-of-more-than-31-characters\"", "3", "{}", "{ point = 3 }"}) {
    INFO(bad);
    CHECK(any_starts_with(findings_with(folder, {"\"io1/discrete/1\"", bad}), "33:17: error: lane[1].inputs.safety") !=
          any_starts_with(findings_with(folder, {"\"io1/discrete/1\"", bad}),
                          "33:27: error: lane[1].inputs.safety.point"));
  }
  CHECK(any_starts_with(findings_with(folder, {"\"io1/coil/1\"", "\"io1/discrete/8\""}),
                        "38:24: error: lane[1].outputs.signal_green: found \"io1/discrete/8\"; expected "
                        "\"io1/coil/N\": a discrete is an input"));
}

TEST_CASE("a point is used once, whichever way it is written") {
  const StoreFolder folder;
  CHECK(any_starts_with(findings_with(folder, {"\"io1/discrete/1\"", "\"io1/discrete/00\""}),
                        "33:17: error: lane[1].inputs.safety: found \"io1/discrete/00\", already used by "
                        "lane[1].inputs.approach in line 32"));
  CHECK(any_starts_with(findings_with(folder, {"\"chip0/ALIVE\"", "\"chip0/EYE_X1\""}),
                        "43:9: error: outputs.alive: found"));
  const auto same_number = folder.load(with(kStore, "\"io1/coil/1\"", "\"io1/coil/5\""));
  CHECK(same_number.config);
}

TEST_CASE("bias belongs to GPIO lines, energised to what holds the barrier") {
  const StoreFolder folder;
  CHECK(any_starts_with(findings_with(folder, {"debounce_ms = 25", "bias = \"pull-up\""}),
                        "32:71: error: lane[1].inputs.approach.bias: found it on a point of io1"));
  CHECK(any_starts_with(findings_with(folder, {"\"io1/coil/1\"", "{ point = \"io1/coil/1\", energised = \"open\" }"}),
                        "38:60: error: lane[1].outputs.signal_green.energised"));
  CHECK(any_starts_with(findings_with(folder, {"energised = \"closed\"", "energised = \"open\""}),
                        "37:19: warning: lane[1].outputs.barrier: found energised = \"open\""));
}

TEST_CASE("names and ids are given once") {
  const StoreFolder folder;
  CHECK(any_starts_with(findings_with(folder, {"name = \"chip0\"", "name = \"io1\""}),
                        "19:8: error: device[io1].name: found \"io1\", already the name of the device in line 13"));
  const auto twice = folder.load(kPulseStore + "[[lane]]\nid = \"w\"\nmode = \"walkout\"\n");
  CHECK(
      any_starts_with(lines_of(twice), "22:6: error: lane[w].id: found \"w\", already the id of the lane in line 14"));
  CHECK(any_starts_with(findings_with(folder, {"id = \"1\"", "id = \"all\""}),
                        "29:6: error: lane[all].id: found \"all\""));
}

TEST_CASE("the same hardware is not two devices") {
  const StoreFolder folder;
  const Change same_module{"[[device]]\nname = \"chip0\"",
                           "[[device]]\nname = \"io2\"\ndriver = \"modbus-tcp\"\naddress = "
                           "\"192.168.10.20:502\"\n[[device]]\nname = \"chip0\""};
  CHECK(any_starts_with(findings_with(folder, same_module),
                        "21:11: error: device[io2].address: found the same hardware as device[io1]"));
  auto other_unit = same_module;
  other_unit.to = with(other_unit.to, "address = ", "unit = 2\naddress = ");
  CHECK_FALSE(any_starts_with(findings_with(folder, other_unit), "22:11: error: device[io2].address"));
}

TEST_CASE("a Modbus module is given by its address, which needs no name service") {
  const StoreFolder folder;
  for (const char* good : {"localhost:502", "127.0.0.1:1", "[::1]:502"})
    CHECK(folder.load(with(kStore, "192.168.10.20:502", good)).config);
  for (const char* bad : {"io1.example:502", "192.168.10:502", "192.168.10.20", "502"}) {
    CHECK(any_starts_with(findings_with(folder, {"192.168.10.20:502", bad}),
                          "16:11: error: device[io1].address: found \""));
  }
}

TEST_CASE("hci-socket is refused by name") {
  const StoreFolder folder;
  CHECK(findings_with(folder, {"driver = \"hci-uart\"\npath = \"/dev/ttyUSB1\"\nbaud = 1000000",
                               "driver = \"hci-socket\"\nindex = 0"}) ==
        std::vector<std::string>{
            "25:10: error: device[rx1].driver: found \"hci-socket\"; expected \"hci-uart\": hci-socket is not "
            "supported yet; use hci-uart"});
}

TEST_CASE("devices on one serial line agree on its format") {
  const StoreFolder folder;
  const auto lines = lines_of(folder.load(rtu_store("baud = 115200", "unit = 2\nparity = \"none\"\nstop_bits = 2")));
  CHECK(any_starts_with(
      lines, "15:1: error: device[io2].baud: found 19200; expected 115200, as device[io1] has on the same path"));
  CHECK(any_starts_with(lines, "20:10: error: device[io2].parity: found \"none\"; expected \"even\", as device[io1]"));
  CHECK(any_starts_with(lines, "21:13: error: device[io2].stop_bits: found 2; expected 1, as device[io1]"));
  const auto same_unit = lines_of(folder.load(rtu_store("baud = 115200", "baud = 115200")));
  CHECK(any_starts_with(same_unit, "18:8: error: device[io2].path: found the same hardware as device[io1]"));
}

TEST_CASE("a serial bus too slow for safety is refused with its cycle") {
  const StoreFolder folder;
  CHECK(folder.load(rtu_store("", "unit = 2")).config);
  const auto slow = folder.load(rtu_store("baud = 9600", "baud = 9600\nunit = 2"));
  CHECK_FALSE(slow.config);
  CHECK(
      any_starts_with(lines_of(slow),
                      "26:17: error: lane[w].inputs.safety: found 99.7 ms for the cycle of /dev/ttyUSB0 (2 modules at "
                      "9600 baud); expected at most 50.0 ms, half of stale_ms"));
  const auto patient = with(rtu_store("baud = 9600", "baud = 9600\nunit = 2"), "mode = \"walkout\"",
                            "mode = \"walkout\"\ntiming.stale_ms = 200");
  CHECK(folder.load(patient).config);
  CHECK_FALSE(folder.load(rtu_store("poll_ms = 51", "unit = 2")).config);
}

TEST_CASE("an API beyond loopback needs TLS and users") {
  const StoreFolder folder;
  const auto open = lines_of(folder.load(kStore + "[api]\nlisten = \"0.0.0.0:8443\"\n"));
  REQUIRE(open.size() == 3);
  CHECK(any_starts_with(open, "44:1: error: api.tls_certificate_file: found nothing"));
  CHECK(any_starts_with(open, "44:1: error: api.tls_private_key_file: found nothing"));
  CHECK(any_starts_with(open, "44:1: error: api.users_file: found nothing"));
  for (const char* local : {"127.0.0.1:8080", "localhost:8080", "[::1]:8080"}) {
    CHECK(folder.load(kStore + "[api]\nlisten = \"" + local + "\"\n").config);
  }
  CHECK_FALSE(folder.load(kStore + "[api]\nlisten = \"8080\"\n").config);
}

TEST_CASE("the users file holds users with known roles") {
  const StoreFolder folder;
  const std::string api = "[api]\nlisten = \"127.0.0.1:8080\"\nusers_file = \"users\"\n";
  const std::string hash = "scrypt$16384$8$1$c2FsdA==$" + std::string(43, 'A') + "=";
  folder.write("users", "# staff\nann:operator:" + hash + "\n\nbob:viewer:" + hash + "\n");
  CHECK(folder.load(kStore + api).config);
  folder.write("users",
               "ann:operator:" + hash + "\nbob:boss:" + hash + "\ncarl\nann:viewer:" + hash + "\ndora:viewer:secret\n");
  const auto lines = lines_of(folder.load(kStore + api));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].find("whose line 2 has an unknown role") != std::string::npos);
  CHECK(lines[1].find("whose line 3 is not user:role:hash") != std::string::npos);
  CHECK(lines[2].find("whose line 4 names a user again") != std::string::npos);
  CHECK(lines[3].find("whose line 5 has a hash that cannot be read") != std::string::npos);
  CHECK(lines[3].find("secret") == std::string::npos);
}

TEST_CASE("beacon key files hold 64 hex digits, one or two of them") {
  const StoreFolder folder;
  folder.write("keys/short", "abcd");
  folder.write("keys/two", std::string(64, 'b'));
  CHECK(folder.load(with(kStore, "[\"keys/beacon.key\"]", "[\"keys/beacon.key\", \"keys/two\"]")).config);
  for (const char* bad : {"[]", "\"keys/two\"", "[\"keys/two\", \"keys/two\"]", "[\"keys/short\"]", "[\"keys/none\"]",
                          "[3]", "[\"keys/two\", \"keys/beacon.key\", \"keys/short\"]"}) {
    INFO(bad);
    CHECK_FALSE(folder.load(with(kStore, "[\"keys/beacon.key\"]", bad)).config);
  }
}

TEST_CASE("numbers keep to their ranges, at both ends") {
  const StoreFolder folder;
  const auto good = [&](const std::string& from, const std::string& to) {
    return folder.load(with(kStore, from, to)).config != nullptr;
  };
  for (const char* time : {"0", "600000"}) CHECK(good("close_delay_ms = 900", "close_delay_ms = " + std::string(time)));
  for (const char* time : {"-1", "600001", "1.5", "\"900\"", "true"})
    CHECK_FALSE(good("close_delay_ms = 900", "close_delay_ms = " + std::string(time)));
  const std::string key = "private_key_file = \"tls/gate.key\"\n";
  for (const char* time : {"50", "5000"}) CHECK(good(key, key + "confirm_timeout_ms = " + time + "\n"));
  for (const char* time : {"49", "5001"}) CHECK_FALSE(good(key, key + "confirm_timeout_ms = " + time + "\n"));
  const std::string beacons = "[beacons]\n";
  for (const char* line : {"max_age_s = 5", "max_age_s = 300", "near_dbm = -110", "near_dbm = -20.0", "margin_db = 0",
                           "margin_db = 30", "company_id = 0x004C"}) {
    CHECK(good(beacons, beacons + line + "\n"));
  }
  for (const char* line : {"max_age_s = 4", "max_age_s = 301", "near_dbm = -111", "near_dbm = -19", "margin_db = -1",
                           "margin_db = 31", "company_id = 65536", "near_dbm = nan"}) {
    INFO(line);
    CHECK_FALSE(good(beacons, beacons + line + "\n"));
  }
  CHECK(good("baud = 1000000", "baud = 3000000"));
  CHECK_FALSE(good("baud = 1000000", "baud = 3000001"));
  CHECK_FALSE(good("baud = 1000000", "baud = 115199"));
}

TEST_CASE("one to thirty-two lanes") {
  const StoreFolder folder;
  const auto store_of = [](int lanes) {
    std::string text = kPulseStore;
    for (int i = 1; i < lanes; ++i) {
      const std::string lane = std::to_string(i);
      text += "[[lane]]\nid = \"" + lane + "\"\nmode = \"walkout\"\ninputs.approach = \"io1/discrete/" +
              std::to_string(2 * i + 10) + "\"\ninputs.passage = \"io1/discrete/" + std::to_string(2 * i + 11) +
              "\"\noutputs.open_pulse = \"io1/coil/" + std::to_string(2 * i) + "\"\noutputs.hold_open = \"io1/coil/" +
              std::to_string(2 * i + 1) + "\"\n";
    }
    return text;
  };
  CHECK(folder.load(store_of(32)).config);
  const auto many = lines_of(folder.load(store_of(33)));
  CHECK(many.size() == 1);
  CHECK(any_starts_with(many, "238:1: error: lane: found 33 lanes; expected at most 32"));
  const auto none = lines_of(folder.load(kPulseStore.substr(0, kPulseStore.find("[[lane]]"))));
  CHECK(any_starts_with(none, "1:1: error: lane: found nothing; expected tables [[lane]], at least one"));
}

TEST_CASE("a time zone is one that exists; without a zone database its form decides") {
  const StoreFolder folder;
  for (const char* bad : {"Mars/Olympus", "../etc/passwd", "/etc/localtime", "America", "Europe/", "zone.tab"}) {
    INFO(bad);
    CHECK_FALSE(folder.load(with(kStore, "America/Los_Angeles", bad)).config);
  }
  Environment bare;
  bare.zoneinfo = folder.path() / "none";
  CHECK(folder.load(with(kStore, "America/Los_Angeles", "Mars/Olympus"), bare).config);
  CHECK_FALSE(folder.load(with(kStore, "America/Los_Angeles", "Mars Olympus"), bare).config);
}

TEST_CASE("a fail-safe gpiochip that holds a barrier wants its alive output") {
  const StoreFolder folder;
  auto text = with(kStore, "{ point = \"io1/coil/0\", energised = \"closed\" }", "\"chip0/BARRIER\"");
  CHECK(lines_of(folder.load(text)) == std::vector<std::string>{});
  text = with(text, "[outputs]\nalive = \"chip0/ALIVE\"\n", "");
  CHECK(any_starts_with(lines_of(folder.load(text)),
                        "37:19: warning: lane[1].outputs.barrier: found a gpiochip without outputs.alive"));
}

}  // namespace exitgate::config
