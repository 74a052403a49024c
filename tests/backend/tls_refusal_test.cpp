// Who is refused and why: server certificates that do not verify, a client certificate the server does not take, old
// TLS.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "link_under_test.hpp"

using namespace exitgate;
using namespace exitgate::testing;
using namespace std::chrono_literals;

namespace {

struct Refusal {
  TemporaryFolder folder;
  CertificateMaker authority{folder.path(), "store"};
  CertificateMaker stranger{folder.path(), "stranger"};
  CertificateFiles good_server = authority.issue("server", kLocalServer);
  CertificateFiles gate = authority.issue("gate", {.common_name = "front"});

  /// The link meets `settings`, complains with `words`, gets no answer, and recovers when the server is put right.
  void expect(ServerSettings settings, const std::string& words, const std::string& host = "127.0.0.1") {
    auto backend = std::make_unique<TlsTestServer>(settings, plain_backend);
    LinkUnderTest link(backend->port(), authority.ca_file(), gate);
    link.settings.host = host;
    link.start();
    REQUIRE(link.until([&] { return !link.refused.empty(); }));
    INFO(link.refused.back());
    CHECK(link.refused.back().find(words) != std::string::npos);
    CHECK(link.refused.back().find(host) != std::string::npos);
    link.ask(1);
    // TLS 1.3 tells a refused client late: the end of the connection may be all that is seen of it under a question.
    const auto cause = link.cause(1);
    CHECK((cause == NoAnswerCause::kTls || cause == NoAnswerCause::kTransport));
    CHECK(link.refused.size() == 1);
    for (const bool connected : link.connected) CHECK_FALSE(connected);
    const auto port = backend->port();
    backend.reset();
    backend = std::make_unique<TlsTestServer>(
        ServerSettings{.certificate = good_server, .client_ca_file = authority.ca_file(), .port = port}, plain_backend);
    CHECK(link.until([&] { return link.accepted == 1; }));
    link.ask(2);
    CHECK(std::holds_alternative<Admit>(link.answer(2)));
    CHECK(link.accepted == 1);
  }
};

}  // namespace

TEST_CASE("a server certificate of another authority is refused") {
  Refusal refusal;
  refusal.expect({.certificate = refusal.stranger.issue("other", kLocalServer)}, "authority");
}

TEST_CASE("an expired server certificate is refused") {
  Refusal refusal;
  auto wish = kLocalServer;
  wish.ends = -60s;
  refusal.expect({.certificate = refusal.authority.issue("old", wish)}, "has expired");
}

TEST_CASE("a server certificate of tomorrow is refused, with a word about the clock") {
  Refusal refusal;
  auto wish = kLocalServer;
  wish.begins = 3600s;
  refusal.expect({.certificate = refusal.authority.issue("early", wish)}, "gate's clock");
}

TEST_CASE("a server certificate for another address is refused") {
  Refusal refusal;
  refusal.expect({.certificate = refusal.authority.issue("named", {.alternative_names = "IP:127.0.0.2,DNS:127.0.0.1"})},
                 "another host");
}

TEST_CASE("a server certificate for another name is refused, whatever its common name says") {
  Refusal refusal;
  refusal.expect({.certificate = refusal.authority.issue(
                      "named", {.common_name = "localhost", .alternative_names = "DNS:elsewhere"})},
                 "another host", "localhost");
}

TEST_CASE("a server that speaks TLS 1.2 only is refused") {
  Refusal refusal;
  refusal.expect(
      {.certificate = refusal.good_server, .client_ca_file = refusal.authority.ca_file(), .tls12_only = true},
      "TLS 1.3");
}

TEST_CASE("a server that does not take our certificate is a credentials matter, with tickets or without") {
  Refusal refusal;
  const bool tickets = GENERATE(true, false);
  refusal.expect({.certificate = refusal.good_server, .client_ca_file = refusal.stranger.ca_file(), .tickets = tickets},
                 "refuses this gate's certificate");
}

TEST_CASE("a renewed certificate file is taken up without a restart") {
  Refusal refusal;
  TlsTestServer backend({.certificate = refusal.good_server, .client_ca_file = refusal.stranger.ca_file()},
                        plain_backend);
  LinkUnderTest link(backend.port(), refusal.authority.ca_file(), refusal.gate);
  link.start();
  REQUIRE(link.until([&] { return !link.refused.empty(); }));
  // Key and certificate are replaced one after the other: the moment between is a refusal too, and passes.
  refusal.stranger.issue("gate", {.common_name = "front"});
  CHECK(link.until([&] { return link.accepted == 1; }));
  link.ask(1);
  CHECK(std::holds_alternative<Admit>(link.answer(1)));
}

TEST_CASE("a backend by name is looked up and verified by that name") {
  Refusal refusal;
  TlsTestServer backend({.certificate = refusal.good_server, .client_ca_file = refusal.authority.ca_file()},
                        plain_backend);
  LinkUnderTest link(backend.port(), refusal.authority.ca_file(), refusal.gate);
  link.settings.host = "localhost";
  link.start();
  link.ask(1);
  CHECK(std::holds_alternative<Admit>(link.answer(1)));
}

TEST_CASE("a name that does not exist is no connection, and says so") {
  Refusal refusal;
  LinkUnderTest link(1, refusal.authority.ca_file(), refusal.gate);
  link.settings.host = "backend.invalid";
  link.start();
  REQUIRE(link.until([&] { return !link.connected.empty(); }));
  CHECK_FALSE(link.connected.back());
  CHECK(link.why.find("backend.invalid") != std::string::npos);
}
