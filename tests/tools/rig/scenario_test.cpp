#include "tools/rig/scenario.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace exitgate;
using namespace exitgate::rig;
using Catch::Matchers::ContainsSubstring;
using std::chrono::seconds;

namespace {

const std::string kHardware = R"(
[rig]
seed = 9
[beacons]
store_id = "SEA-042"
key_file = "keys/beacon.key"
[[module]]
name = "io1"
address = "127.0.0.1:0"
[[module]]
name = "io2"
transport = "rtu"
path = "bus"
unit = 3
[[receiver]]
name = "rx1"
address = "unix:rx1.sock"
y_m = 0.7
[[lane]]
id = "1"
inputs.approach = "io1/discrete/0"
inputs.release = { point = "io2/discrete/5", active = "low" }
outputs.barrier = { point = "io1/coil/0", energised = "open" }
[inputs]
fire_alarm = { point = "io1/discrete/6", active = "low" }
)";

Result<Scenario> parse(const std::string& people) {
  return parse_scenario(kHardware + people, "demo.toml", "/run/rig");
}

std::string error_of(const std::string& people) {
  const auto scenario = parse(people);
  return scenario ? std::string() : scenario.error().message;
}

}  // namespace

TEST_CASE("hardware, people and events are read, and paths are taken relative to the rig's directory") {
  const auto scenario = parse(R"(
[[shopper]]
id = "Anna"
kind = "cart"
lane = "1"
at_s = 1.5
cart_id = 117
session = "open"
closes_at_s = 9
receipts = [{ kind = "cart", basis = ["prefetched", "confirmed"], may_flags = ["obstructed"] }]
expect = "refused_then_passes"
[[event]]
at_s = 20
fire_alarm = true
receipts = [{ lane = "1", kind = "released", basis = "released", outcome = "not_used" }]
)");
  REQUIRE(scenario);
  CHECK(scenario->seed == 9);
  CHECK(scenario->modules.at(0).drops_after == seconds{2});
  CHECK(scenario->modules.at(1).address == "/run/rig/bus");
  CHECK(scenario->receivers.at(0).address.path == "/run/rig/rx1.sock");
  CHECK_FALSE(scenario->lanes.at(0).outputs.at("barrier").active_high);
  CHECK_FALSE(scenario->lanes.at(0).inputs.at("release").active_high);
  const ShopperSpec& anna = scenario->shoppers.at(0);
  CHECK(anna.at == milliseconds{1500});
  CHECK(anna.session->closes_at == seconds{9});
  CHECK(anna.expect == Expectation::kRefusedThenPasses);
  CHECK(anna.receipts.at(0).passages == 1);
  CHECK(anna.receipts.at(0).lane == "1");
  CHECK(anna.receipts.at(0).names_session);
  CHECK(scenario->events.at(0).receipts.at(0).passages == 0);
}

TEST_CASE("addresses given by name replace those in the file") {
  const auto scenario =
      parse_scenario(kHardware, "demo.toml", "", {{"io1", "127.0.0.1:4000"}, {"rx1", "tcp:127.0.0.1:4001"}});
  REQUIRE(scenario);
  CHECK(scenario->modules.at(0).address == "127.0.0.1:4000");
  CHECK(scenario->receivers.at(0).address.tcp.port == 4001);
}

TEST_CASE("everything wrong is told at once, each with file, line and column") {
  const std::string message = error_of(R"([[shopper]]
id = "Anna"
kind = "kart"
lane = "7"
expekt = "passes"
[[event]]
at_s = 1
command = "reset"
lane = "all"
by = "Sam"
)");
  CHECK_THAT(message, ContainsSubstring("demo.toml:"));
  CHECK_THAT(message, ContainsSubstring("error: shopper[0].kind: found 'kart'; expected one of cart, walkout"));
  CHECK_THAT(message, ContainsSubstring("shopper[0].lane: found \"7\"; expected the id of a [[lane]]"));
  CHECK_THAT(message, ContainsSubstring("shopper[0].expekt: found a key that is not known"));
  CHECK_THAT(message, ContainsSubstring("event[0].reason: found nothing; expected a text"));
}

TEST_CASE("a point on no module, a text that is no TOML and a file that is not there are errors") {
  CHECK_THAT(error_of("[[lane]]\nid = \"2\"\noutputs.barrier = \"io9/coil/0\"\n"),
             ContainsSubstring("lane[1].outputs.barrier: found \"io9/coil/0\""));
  CHECK_THAT(error_of("[[lane\n"), ContainsSubstring("demo.toml:"));
  const auto missing = read_scenario("/nowhere/demo.toml", "");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == "bad_scenario");
}

TEST_CASE("a cart shopper without a cart, and an event in which nothing happens, are errors") {
  CHECK_THAT(error_of("[[shopper]]\nid = \"A\"\nkind = \"cart\"\nlane = \"1\"\n"), ContainsSubstring("cart_id"));
  CHECK_THAT(error_of("[[event]]\nat_s = 3\n"), ContainsSubstring("found nothing that happens"));
  CHECK_THAT(error_of("[[event]]\nunplug = \"rx7\"\n"), ContainsSubstring("found \"rx7\""));
}
