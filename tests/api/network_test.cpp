#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "api/users.hpp"
#include "api_rig.hpp"
#include "tests/http/server_rig.hpp"

using namespace exitgate;
using exitgate::http::test::RawClient;
using exitgate::http::test::run_command;
using exitgate::test::ApiRig;

namespace {

const std::string kOpen = R"({"command":"open","by":"Ana","reason":"test"})";

void on_loopback(api::ApiSettings& settings, const std::string&) {
  settings.network = api::NetworkSettings{"127.0.0.1", 0, "", "", "", {}};
}

void with_users(api::ApiSettings& settings, const std::string& folder) {
  on_loopback(settings, folder);
  settings.network->users_file = folder + "/users";
  std::ofstream file(settings.network->users_file);
  for (const auto* role : {"viewer", "operator", "installer"}) {
    file << role << ':' << role << ':' << *api::make_password_hash(std::string("secret-") + role) << '\n';
  }
}

void with_tls(api::ApiSettings& settings, const std::string& folder) {
  with_users(settings, folder);
  REQUIRE(
      run_command("cd " + folder +
                  " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem "
                  "-days 2 -subj /CN=gate -addext subjectAltName=DNS:gate.store.example,IP:127.0.0.1 2>/dev/null")
          .status == 0);
  settings.network->tls_certificate_file = folder + "/c.pem";
  settings.network->tls_private_key_file = folder + "/k.pem";
}

std::string code_of(const ApiRig& rig, const std::string& options, const std::string& path) {
  return run_command("curl -s -o /dev/null -w '%{http_code}' " + options +
                     " http://127.0.0.1:" + std::to_string(rig.port()) + path)
      .output;
}

std::string as(const std::string& role) { return "-u " + role + ":secret-" + role; }

}  // namespace

TEST_CASE("network: without users whoever is on the machine reads, and nobody commands") {
  ApiRig rig(on_loopback);
  REQUIRE(rig.started());
  CHECK(code_of(rig, "", "/api/v1/status") == "200");
  CHECK(code_of(rig, "-d '" + kOpen + "'", "/api/v1/lanes/1/commands") == "403");
  CHECK(code_of(rig, "-X POST", "/api/v1/reload") == "403");
  CHECK(rig.gate.commands().empty());
}

TEST_CASE("network: a foreign Host or Origin is 403") {
  ApiRig rig(on_loopback);
  const auto port = std::to_string(rig.port());
  CHECK(code_of(rig, "-H 'Host: evil.example'", "/api/v1/status") == "403");
  CHECK(code_of(rig, "-H 'Host: localhost:" + port + "'", "/api/v1/status") == "200");
  CHECK(code_of(rig, "-H 'Host: localhost:1'", "/api/v1/status") == "403");
  CHECK(code_of(rig, "-H 'Origin: http://evil.example'", "/api/v1/status") == "403");
  CHECK(code_of(rig, "-H 'Origin: http://127.0.0.1:" + port + "'", "/api/v1/status") == "200");
}

TEST_CASE("network: each role may do its own and what is below it") {
  ApiRig rig(with_users);
  REQUIRE(rig.started());
  CHECK(code_of(rig, "", "/api/v1/status") == "401");
  const std::string open = " -d '" + kOpen + "'";
  CHECK(code_of(rig, as("viewer"), "/api/v1/status") == "200");
  CHECK(code_of(rig, as("viewer") + open, "/api/v1/lanes/1/commands") == "403");
  CHECK(code_of(rig, as("operator") + open, "/api/v1/lanes/1/commands") == "200");
  CHECK(code_of(rig, as("operator") + " -X POST", "/api/v1/reload") == "403");
  CHECK(code_of(rig, as("installer") + " -X POST", "/api/v1/reload") == "200");
  CHECK(code_of(rig, as("installer") + open, "/api/v1/lanes/1/commands") == "200");
  REQUIRE(rig.gate.commands().size() == 2);
  CHECK(rig.gate.commands()[0].user == "operator");
}

TEST_CASE("network: wrong passwords are 401, then the address waits, also with the right one") {
  ApiRig rig(with_users);
  CHECK(code_of(rig, as("viewer"), "/healthz") == "200");
  for (const auto* login :
       {"viewer:wrong-one", "nobody:secret-viewer", "viewer:", "operator:secret-viewer", "viewer:secret-operator"}) {
    CHECK(code_of(rig, std::string("-u ") + login, "/api/v1/status") == "401");
  }
  CHECK(code_of(rig, as("viewer"), "/api/v1/status") == "429");
  CHECK(rig.client().get("/api/v1/status")->status == 200);
}

TEST_CASE("network: a users file read again counts at once, a broken one changes nothing") {
  ApiRig rig(with_users);
  CHECK(code_of(rig, as("viewer"), "/healthz") == "200");
  std::ofstream(rig.folder() + "/users") << "broken\n";
  rig.run([&] { CHECK_FALSE(rig.api().reload_users()); });
  CHECK(code_of(rig, as("viewer"), "/healthz") == "200");
  std::ofstream(rig.folder() + "/users") << "ana:viewer:" << *api::make_password_hash("other-secret") << '\n';
  rig.run([&] { CHECK(rig.api().reload_users()); });
  CHECK(code_of(rig, as("viewer"), "/healthz") == "401");
  CHECK(code_of(rig, "-u ana:other-secret", "/healthz") == "200");
}

TEST_CASE("network: over TLS by the certificate's name") {
  ApiRig rig(with_tls);
  INFO((rig.started() ? "" : rig.started().error().message));
  REQUIRE(rig.started());
  const auto port = std::to_string(rig.port());
  const std::string curl = "cd " + rig.folder() + " && curl -s -o /dev/null -w '%{http_code}' --cacert c.pem " +
                           as("viewer") + " --resolve gate.store.example:" + port +
                           ":127.0.0.1 --resolve other.example:" + port + ":127.0.0.1 ";
  CHECK(run_command(curl + "https://gate.store.example:" + port + "/api/v1/status").output == "200");
  CHECK(run_command(curl + "https://127.0.0.1:" + port + "/api/v1/status").output == "200");
  CHECK(run_command(curl + "-k https://other.example:" + port + "/api/v1/status").output == "403");
}

TEST_CASE("network: off loopback neither plain text nor a gate without users is opened") {
  for (const bool tls : {false, true}) {
    ApiRig rig([&](auto& settings, const auto& folder) {
      if (tls) {
        with_tls(settings, folder);
        settings.network->users_file.clear();
      } else {
        with_users(settings, folder);
      }
      settings.network->host = "0.0.0.0";
    });
    REQUIRE_FALSE(rig.started());
    CHECK(rig.started().error().code == "api_unsafe");
  }
}
