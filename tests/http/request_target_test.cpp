#include "http/request_target.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate::http;

TEST_CASE("target: path and query are decoded") {
  const auto target = parse_target("/api/v1/receipts/a%20b?state=open&after=x%2By&flag&=n+o");
  REQUIRE(target);
  CHECK(target->path == "/api/v1/receipts/a b");
  CHECK(target->query == Headers{{"state", "open"}, {"after", "x+y"}, {"flag", ""}, {"", "n o"}});
  CHECK_FALSE(target->authority);
}

TEST_CASE("target: an absolute one names its own authority") {
  const auto target = parse_target("http://Gate:8080/x?y=1");
  REQUIRE(target);
  CHECK(target->authority == "Gate:8080");
  CHECK(target->path == "/x");
  REQUIRE(parse_target("http://gate"));
  CHECK(parse_target("http://gate")->path == "/");
}

TEST_CASE("target: broken escapes, control characters and other forms are nothing") {
  for (const auto* text : {"", "x", "/%", "/%4", "/%zz", "/%00", "/%0d%0a", "/?a=%7f", "ftp://x/", "gate:80"}) {
    INFO(text);
    CHECK_FALSE(parse_target(text));
  }
}

TEST_CASE("target: what was encoded decodes to itself") {
  const std::string text = "a b/c?d=e&f%g+h\xc3\xa9";
  CHECK(percent_decode(percent_encode(text), false) == text);
}
