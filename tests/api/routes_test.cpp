#include "api/routes.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate::api;
using Kind = RouteMatch::Kind;

TEST_CASE("routes: a path finds its action, parameter and least role") {
  const auto command = match_route("POST", "/api/v1/lanes/all/commands");
  CHECK(command.kind == Kind::kFound);
  CHECK(command.action == Action::kCommand);
  CHECK(command.parameter == "all");
  CHECK(command.role == Role::kOperator);
  CHECK(match_route("GET", "/api/v1/receipts").action == Action::kReceipts);
  CHECK(match_route("GET", "/api/v1/receipts/x").action == Action::kReceipt);
  CHECK(match_route("POST", "/api/v1/receipts/x/retry").action == Action::kRetry);
  CHECK(match_route("POST", "/api/v1/reload").role == Role::kInstaller);
  CHECK(match_route("HEAD", "/healthz").kind == Kind::kFound);
}

TEST_CASE("routes: a known path with another method says what it takes") {
  CHECK(match_route("POST", "/api/v1/status").kind == Kind::kWrongMethod);
  CHECK(match_route("POST", "/api/v1/status").allowed == "GET, HEAD");
  CHECK(match_route("GET", "/api/v1/lanes/1/commands").allowed == "POST");
  CHECK(match_route("get", "/api/v1/status").kind == Kind::kWrongMethod);
}

TEST_CASE("routes: other paths are unknown") {
  for (const auto* path : {"", "/", "/api/v1/status/", "/api/v1/lanes", "/api/v1/lanes/", "/api/v1/lanes/1/2",
                           "/api/v1/lanes//commands", "/api/v2/status", "/metrics/x", "*"}) {
    INFO(path);
    CHECK(match_route("GET", path).kind == Kind::kUnknownPath);
  }
}
