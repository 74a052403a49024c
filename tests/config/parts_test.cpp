#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>

#include "config/bus_cycle.hpp"
#include "config/config_json.hpp"
#include "config/endpoint.hpp"
#include "config/spelling.hpp"
#include "store_folder.hpp"

namespace exitgate::config {
namespace {

std::int64_t tenths_ms(Duration duration) { return (duration.count() + 50) / 100; }

}  // namespace

TEST_CASE("wire times of a serial bus are those measured at 9600, 19200 and 115200 baud") {
  CHECK(tenths_ms(read_discretes_time({9600, 11}, 16)) == 252);
  CHECK(tenths_ms(write_coil_time({9600, 11})) == 264);
  CHECK(tenths_ms(read_discretes_time({19200, 11}, 16)) == 126);
  CHECK(tenths_ms(write_coil_time({19200, 11})) == 132);
  CHECK(tenths_ms(read_discretes_time({115200, 11}, 16)) == 49);
  CHECK(tenths_ms(write_coil_time({115200, 11})) == 50);
}

TEST_CASE("neighbouring inputs at most 64 apart share one request") {
  CHECK(request_sizes({}).empty());
  CHECK(request_sizes({7}) == std::vector<unsigned>{1});
  CHECK(request_sizes({64, 0}) == std::vector<unsigned>{65});
  CHECK(request_sizes({0, 65, 66}) == std::vector<unsigned>{1, 2});
  CHECK(request_sizes({0, 60, 120}) == std::vector<unsigned>{121});
}

TEST_CASE("a bus cycle is every module's inputs and one write with its read-back") {
  const SerialFormat format{19200, 11};
  const Duration write = write_coil_time(format) + read_back_time(format);
  const std::vector<BusModule> modules{{{0, 15}, false}, {{3}, true}};
  CHECK(bus_cycle(format, modules) == read_discretes_time(format, 16) + read_discretes_time(format, 1) + write);
  CHECK(bus_cycle(format, std::vector<BusModule>{{{0}, false}}) == read_discretes_time(format, 1));
  CHECK(bus_cycle(format, std::vector<BusModule>{{{}, true}}) == read_back_time(format) + write);
}

TEST_CASE("a misspelt word finds the one that was meant, an unrelated one does not") {
  const std::vector<std::string> known{"debounce_ms", "active", "bias", "point"};
  CHECK(nearest_word("debouce_ms", known) == "debounce_ms");
  CHECK(nearest_word("acitve", known) == "active");
  CHECK(nearest_word("colour", known) == std::nullopt);
  CHECK(nearest_word("", known) == std::nullopt);
}

TEST_CASE("endpoints are a host and a port") {
  CHECK(parse_endpoint("gate.example:1") == Endpoint{"gate.example", 1});
  CHECK(parse_endpoint("[fe80::1]:65535") == Endpoint{"fe80::1", 65535});
  for (const char* bad :
       {"", "host", "host:", ":1", "host:0", "host:65536", "host:+1", "a b:1", "[]:1", "[::1]", "::1:80", "[::1]80"}) {
    INFO(bad);
    CHECK_FALSE(parse_endpoint(bad));
  }
  CHECK(to_string(Endpoint{"::1", 80}) == "[::1]:80");
}

TEST_CASE("a backend is an https URL without user, query or fragment") {
  CHECK(parse_https_url("https://a.example")->endpoint == Endpoint{"a.example", 443});
  CHECK(parse_https_url("https://a.example:8443/x/y/")->base_path == "/x/y");
  for (const char* bad : {"http://a", "https://", "https://u:p@a", "https://a?x", "https://a/x?y", "https://a/#f",
                          "https://a/ b", "a:1"}) {
    INFO(bad);
    CHECK_FALSE(parse_https_url(bad));
  }
}

TEST_CASE("loopback is told from the rest") {
  for (const char* local : {"127.0.0.1", "127.8.9.10", "::1", "localhost"}) CHECK(is_loopback(local));
  for (const char* far : {"0.0.0.0", "::", "127.0.0.1.example.com", "127.evil.example.com", "192.168.0.1"})
    CHECK_FALSE(is_loopback(far));
}

TEST_CASE("the running configuration is shown with its defaults and without its secrets") {
  const StoreFolder folder;
  const auto result = folder.load(kStore);
  REQUIRE(result.config);
  const std::string text = to_json(*result.config);
  CHECK(text.find(std::string(62, '0')) == std::string::npos);
  CHECK(text.find("ZHVtbXk") == std::string::npos);
  const auto json = boost::json::parse(text);
  CHECK(json.at_pointer("/store/id") == "SEA-042");
  CHECK(json.at_pointer("/backend/url") == "https://checkout.example:8443/gates");
  CHECK(json.at_pointer("/beacons/keys") == 1);
  CHECK(json.at_pointer("/offline/walkouts") == "admit");
  CHECK(json.at_pointer("/device/0/address") == "192.168.10.20:502");
  CHECK(json.at_pointer("/device/2/flow_control") == true);
  CHECK(json.at_pointer("/lane/0/receiver") == "rx1");
  CHECK(json.at_pointer("/lane/0/inputs/staff_key/bias") == "pull-up");
  CHECK(json.at_pointer("/lane/0/inputs/approach/debounce_ms") == 25);
  CHECK(json.at_pointer("/lane/0/outputs/barrier/energised") == "closed");
  CHECK(json.at_pointer("/lane/0/timing/close_delay_ms") == 900);
  CHECK(json.at_pointer("/lane/0/timing/pulse_ms") == 100);
  CHECK(json.at_pointer("/inputs/fire_alarm/active") == "low");
  CHECK(json.at_pointer("/outputs/alive/point") == "chip0/ALIVE");
}

}  // namespace exitgate::config
