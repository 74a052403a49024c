#include <catch2/catch_test_macros.hpp>

#include "store_folder.hpp"

namespace exitgate::config {

TEST_CASE("twelve different mistakes in one file are twelve errors, each at its place") {
  const StoreFolder folder;
  const auto result = folder.load(R"(schema = 1
[store]
id = "SEA 042"
gate = "front"
timezone = "Mars/Olympus"
[backend]
url = "http://checkout.example"
ca_file = "tls/nothing.pem"
certificate_file = "tls/gate.pem"
private_key_file = "tls/gate.key"
[beacons]
key_files = ["keys/beacon.key"]
[[device]]
name = "io1"
driver = "modbus-tcp"
address = "192.168.10.20:502"
[[device]]
name = "io2"
driver = "modbus-tpc"
address = "192.168.10.21:502"
[[device]]
name = "rx1"
driver = "hci-uart"
path = "/dev/ttyUSB1"
[[lane]]
id = "1"
mode = "cart"
inputs.approach = { point = "io1/discrete/0", debouce_ms = 20 }
inputs.safety = "io1/coil/1"
inputs.exit = "io1/discrete/0"
outputs.barrier = "io1/coil/0"
[inputs]
fire_alarm = { point = "oi1/discrete/6", active = "low" }
)");
  CHECK_FALSE(result.config);
  CHECK(
      lines_of(result) ==
      std::vector<std::string>{
          "3:6: error: store.id: found \"SEA 042\"; expected 1 to 32 of the characters A-Z a-z 0-9 . _ -",
          "5:12: error: store.timezone: found \"Mars/Olympus\"; expected an IANA time zone such as "
          "\"America/Los_Angeles\"",
          "7:7: error: backend.url: found \"http://checkout.example\"; expected a URL such as "
          "\"https://checkout.example:8443\"",
          "8:11: error: backend.ca_file: found \"tls/nothing.pem\" (" + (folder.path() / "tls/nothing.pem").string() +
              ": No such file or directory); expected a readable PEM file with a certificate",
          "19:10: error: device[io2].driver: found \"modbus-tpc\"; expected \"modbus-tcp\", \"modbus-rtu\", "
          "\"gpiochip\", "
          "\"hci-uart\" or \"hci-socket\" (did you mean \"modbus-tcp\"?)",
          "21:1: error: device[rx1]: found a device that nothing uses; expected a point or a receiver on it, or no "
          "such [[device]]",
          "25:1: error: lane[1].receiver: found nothing; expected the name of a receiver ([[device]] with driver "
          "\"hci-uart\")",
          "28:47: error: lane[1].inputs.approach.debouce_ms: found an unknown key; expected \"debounce_ms\" (did you "
          "mean it?)",
          "29:17: error: lane[1].inputs.safety: found \"io1/coil/1\"; expected \"io1/discrete/N\": a coil is an output",
          "30:15: error: lane[1].inputs.exit: found \"io1/discrete/0\", already used by lane[1].inputs.approach in "
          "line 28; "
          "expected a point of its own",
          "31:19: error: lane[1].outputs.barrier: found a point of io1, which is not fail_safe; expected a device that "
          "drops its "
          "outputs within 2 s of losing the daemon, and says so with fail_safe = true",
          "33:24: error: inputs.fire_alarm.point: found \"oi1/discrete/6\"; expected a point of a [[device]] (did you "
          "mean \"io1\"?)",
      });
}

TEST_CASE("a finding prints as FILE:LINE:COLUMN: severity: KEY: found X; expected Y") {
  Finding finding{"/etc/exitgate/store.toml", 4, 7, FindingSeverity::kError, "store.id", "7", "a string"};
  CHECK(to_string(finding) == "/etc/exitgate/store.toml:4:7: error: store.id: found 7; expected a string");
  finding.severity = FindingSeverity::kWarning;
  CHECK(to_string(finding) == "/etc/exitgate/store.toml:4:7: warning: store.id: found 7; expected a string");
}

TEST_CASE("a missing key is shown at its table, a missing table at the beginning") {
  const StoreFolder folder;
  auto text = with(kStore, "gate = \"front\"\n", "");
  text = with(text, "schema = 1\n", "");
  text = with(text, "[beacons]\nkey_files = [\"keys/beacon.key\"]\n", "");
  CHECK(lines_of(folder.load(text)) ==
        std::vector<std::string>{
            "1:1: error: schema: found nothing; expected 1",
            "1:1: error: store.gate: found nothing; expected 1 to 32 of the characters A-Z a-z 0-9 . _ -",
            "1:1: error: beacons: found nothing; expected a table [beacons]: lane[1] identifies carts"});
}

TEST_CASE("unknown keys are found in every table") {
  const StoreFolder folder;
  auto text = with(kStore, "schema = 1\n", "schema = 1\nversion = 2\n");
  text = with(text, "gate = \"front\"\n", "gate = \"front\"\ncolour = \"red\"\n");
  text = with(text, "fail_safe = true\n[[device]]\nname = \"rx1\"", "failsafe = true\n[[device]]\nname = \"rx1\"");
  text = with(text, "timing.close_delay_ms", "timing.close_dellay_ms");
  text = with(text, "mode = \"cart\"", "mode = \"cart\"\nmod = 1");
  text = with(text, "inputs.safety", "inputs.safty");
  text = with(text, "alive = ", "alife = ");
  std::vector<std::string> keys;
  for (const Finding& finding : folder.load(text).findings) {
    if (finding.found == "an unknown key") keys.push_back(finding.key + " -> " + finding.expected);
  }
  CHECK(keys ==
        std::vector<std::string>{
            "version -> one of schema, store, clock, backend, beacons, offline, receipts, api, shutdown, device, lane, "
            "inputs or outputs",
            "store.colour -> one of id, gate or timezone",
            "device[chip0].failsafe -> \"fail_safe\" (did you mean it?)",
            "lane[1].mod -> \"mode\" (did you mean it?)",
            "lane[1].inputs.safty -> \"safety\" (did you mean it?)",
            "lane[1].timing.close_dellay_ms -> \"close_delay_ms\" (did you mean it?)",
            "outputs.alife -> \"alive\" (did you mean it?)",
        });
}

TEST_CASE("what a finding quotes stays on one line") {
  const StoreFolder folder;
  const auto lines = lines_of(folder.load(with(kStore, "\"SEA-042\"", "\"a\\nb\\u001b[31m\"")));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("3:6: error: store.id: found \"a\\x0ab\\x1b[31m\"; expected"));
  const auto broken = lines_of(folder.load("schema = t\n[store]\n"));
  REQUIRE(broken.size() == 1);
  CHECK(broken[0].find('\n') == std::string::npos);
}

}  // namespace exitgate::config
