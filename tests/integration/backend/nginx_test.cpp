// Against a TLS stack and an HTTP server that are not ours: what nginx refuses and how it says so.
#include <catch2/catch_test_macros.hpp>

#include "link_under_test.hpp"
#include "nginx_process.hpp"
#include "plain_upstream.hpp"

using namespace exitgate;
using namespace exitgate::testing;
using namespace std::chrono_literals;

namespace {

struct Site {
  TemporaryFolder folder;
  CertificateMaker authority{folder.path(), "store"};
  CertificateMaker stranger{folder.path(), "stranger"};
  CertificateFiles server = authority.issue("server", kLocalServer);
  CertificateFiles gate = authority.issue("gate", {.common_name = "front"});
  PlainUpstream upstream{(folder.path() / "up.sock").string(), plain_backend};
  NginxProcess nginx{folder.path(), upstream.path()};
  LinkUnderTest link{nginx.port(), authority.ca_file(), gate};

  [[nodiscard]] NginxWish good() const { return {.certificate = server, .client_ca_file = authority.ca_file()}; }

  void expect_service() {
    CHECK(link.until([&] { return !link.events.empty() && !link.pass_keys.empty(); }));
    link.ask(1000);
    CHECK(std::holds_alternative<Admit>(link.answer(1000)));
    std::optional<UploadAnswer> uploaded;
    link.link->upload({"{}"}, [&](UploadAnswer answer) { uploaded = std::move(answer); });
    CHECK(link.until([&] { return uploaded.has_value(); }));
    CHECK(std::holds_alternative<UploadAccepted>(uploaded.value()));
  }

  /// nginx is wrong as `wish` has it: a clear fault, no answer, nothing hangs; then it is put right and all is well.
  void expect_refusal(const NginxWish& wish, const std::string& words) {
    nginx.run(wish);
    link.start();
    REQUIRE(link.until([&] { return !link.refused.empty(); }));
    INFO(link.refused.back());
    CHECK(link.refused.back().find(words) != std::string::npos);
    link.ask(1);
    CHECK(std::holds_alternative<NoAnswer>(link.answer(1)));
    std::optional<UploadAnswer> uploaded;
    link.link->upload({"{}"}, [&](UploadAnswer answer) { uploaded = std::move(answer); });
    REQUIRE(link.until([&] { return uploaded.has_value(); }));
    CHECK(std::holds_alternative<UploadForbidden>(*uploaded));
    CHECK(link.events.empty());
    CHECK(link.protocol_errors.empty());
    nginx.run(good());
    expect_service();
    CHECK(link.until([&] { return link.accepted > 0; }));
    CHECK(link.accepted == 1);
  }
};

}  // namespace

TEST_CASE("nginx with mutual TLS 1.3 serves questions, closures, pass keys and uploads") {
  Site site;
  site.nginx.run(site.good());
  site.link.start();
  site.expect_service();
  CHECK(site.link.refused.empty());
  CHECK_FALSE(site.link.dates.empty());
}

TEST_CASE("nginx is restarted while all is well: no fault, and service goes on") {
  Site site;
  site.nginx.run(site.good());
  site.link.start();
  REQUIRE(site.link.until([&] { return !site.link.events.empty(); }));
  site.nginx.run(site.good());
  site.expect_service();
  CHECK(site.link.refused.empty());
}

TEST_CASE("nginx with a certificate of another authority") {
  Site site;
  site.expect_refusal(
      {.certificate = site.stranger.issue("other", kLocalServer), .client_ca_file = site.authority.ca_file()},
      "authority");
}

TEST_CASE("nginx with an expired certificate") {
  Site site;
  auto wish = kLocalServer;
  wish.ends = -60s;
  site.expect_refusal({.certificate = site.authority.issue("old", wish), .client_ca_file = site.authority.ca_file()},
                      "has expired");
}

TEST_CASE("nginx with TLS 1.2 only") {
  Site site;
  site.expect_refusal({.certificate = site.server, .client_ca_file = site.authority.ca_file(), .protocols = "TLSv1.2"},
                      "TLS 1.3");
}

TEST_CASE(
    "nginx refuses our certificate with a page and status 400: a matter of credentials, and no receipt is at fault") {
  Site site;
  site.expect_refusal({.certificate = site.server, .client_ca_file = site.stranger.ca_file()}, "400");
}
