#include "api/command_body.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::api;

TEST_CASE("command: a body becomes a staff command with who and why") {
  const auto command = parse_command(R"({"command":"mode","by":"Ana","reason":"test \u00e9","mode":"walkout","x":1})",
                                     LaneId::of("1"), "uid:7");
  REQUIRE(command);
  CHECK(command->verb == StaffVerb::kMode);
  CHECK(command->lane == LaneId::of("1"));
  CHECK(command->mode == LaneMode::kWalkout);
  CHECK(command->by == "Ana");
  CHECK(command->reason == "test \xc3\xa9");
  CHECK(command->user == "uid:7");
  CHECK_FALSE(parse_command(R"({"command":"open","by":"a","reason":"b"})", std::nullopt, "")->lane);
}

TEST_CASE("command: every verb of the contract is known") {
  for (const auto* verb : {"open", "hold-open", "release-hold", "out-of-service", "in-service", "reset", "mode"}) {
    INFO(verb);
    REQUIRE(parse_staff_verb(verb));
    CHECK(api::to_string(*parse_staff_verb(verb)) == verb);
  }
  CHECK_FALSE(parse_staff_verb("Open"));
}

TEST_CASE("command: whatever lacks or is no text is a bad request") {
  for (const auto* body :
       {"", "[]", "{", "null", R"({"by":"a","reason":"b"})", R"({"command":"open","reason":"b"})",
        R"({"command":"open","by":"a"})", R"({"command":"open","by":"","reason":"b"})",
        R"({"command":"open","by":"a","reason":"  "})", R"({"command":"close","by":"a","reason":"b"})",
        R"({"command":1,"by":"a","reason":"b"})", R"({"command":"open","by":"a\n","reason":"b"})",
        R"({"command":"mode","by":"a","reason":"b"})", R"({"command":"mode","by":"a","reason":"b","mode":"x"})",
        "{\"command\":\"open\",\"by\":\"\xff\",\"reason\":\"b\"}"}) {
    INFO(body);
    const auto command = parse_command(body, std::nullopt, "");
    REQUIRE_FALSE(command);
    CHECK(command.error().code == "bad_request");
  }
  CHECK_FALSE(
      parse_command(R"({"command":"open","by":")" + std::string(101, 'x') + R"(","reason":"b"})", std::nullopt, ""));
}
