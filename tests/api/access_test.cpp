#include "api/access.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::api;

namespace {

http::Request asked(const std::string& host, const std::string& origin = "", bool loopback = false) {
  http::Request request;
  request.headers.emplace_back("Host", host);
  if (!origin.empty()) request.headers.emplace_back("Origin", origin);
  request.peer.local_address = loopback ? "127.0.0.1" : "192.168.1.7";
  request.peer.local_port = 8443;
  request.peer.loopback = loopback;
  return request;
}

}  // namespace

TEST_CASE("access: the address it was sent to, its names and, on loopback, localhost are ours") {
  const std::vector<std::string> names{"gate.store.example", "*.gates.example"};
  for (const auto* host : {"192.168.1.7:8443", "192.168.1.7", "Gate.Store.Example:8443", "g1.gates.example"}) {
    INFO(host);
    CHECK(host_is_ours(asked(host), names));
  }
  for (const auto* host : {"localhost:8443", "127.0.0.1:8443", "[::1]:8443", "127.0.0.1"}) {
    INFO(host);
    CHECK(host_is_ours(asked(host, "", true), names));
    CHECK_FALSE(host_is_ours(asked(host), names));
  }
}

TEST_CASE("access: another name, address or port is foreign") {
  for (const auto* host :
       {"evil.example", "evil.example:8443", "192.168.1.8:8443", "192.168.1.7:80", "", "[::1", "[::1]x",
        "localhost.evil.example", "127.evil.example", ".gates.example", "a.b.gates.example"}) {
    INFO(host);
    CHECK_FALSE(host_is_ours(asked(host, "", true), {"*.gates.example"}));
  }
}

TEST_CASE("access: on a UNIX socket no host, a word, a path and our own names are ours, others are foreign") {
  const auto ours = [](const std::string& host) {
    auto request = asked(host);
    request.peer.transport = http::Transport::kUnix;
    return host_is_ours(request, {"gate.store.example"});
  };
  for (const auto* host : {"", "localhost", "LocalHost:80", "127.0.0.1", "[::1]:8080", "unix", "unix:/run/control.sock",
                           "exitgate", "x", "/run/exitgate/control.sock", "gate.store.example"}) {
    INFO(host);
    CHECK(ours(host));
  }
  for (const auto* host :
       {"evil.example", "localhost.evil.example", "192.168.1.7", "[::1", "[::2]", "127.evil.example"}) {
    INFO(host);
    CHECK_FALSE(ours(host));
  }
  http::Request without;
  without.peer.transport = http::Transport::kUnix;
  CHECK(host_is_ours(without, {}));
}

TEST_CASE("access: an origin must be the host it asks") {
  CHECK(origin_is_ours(asked("gate:8443")));
  CHECK(origin_is_ours(asked("gate:8443", "https://gate:8443")));
  for (const auto* origin :
       {"https://evil.example", "null", "https://gate", "https://gate:8443.evil.example", "gate:8443"}) {
    INFO(origin);
    CHECK_FALSE(origin_is_ours(asked("gate:8443", origin)));
  }
}
