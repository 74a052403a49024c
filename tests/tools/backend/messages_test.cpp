#include "tools/backend/messages.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tools/backend/faults.hpp"
#include "tools/backend/service.hpp"

namespace exitgate::reference {
namespace {

const std::string kCart =
    R"({"request_id":"0193a1b2-c3d4-7000-8000-000000000000","store_id":"SEA-042","gate_id":"front","lane_id":"1",)"
    R"("kind":"cart","observed_at":"2026-10-26T05:33:20.000Z","stage":"present","cart_id":117,"session_tag":"a1b2c3d4e5f6"})";

std::string replaced(const std::string& from, const std::string& to) {
  auto text = kCart;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a confirm is read with all its members, and members it does not know are ignored") {
  const auto question = parse_question(replaced("\"lane_id\"", "\"mood\":\"good\",\"lane_id\""));
  REQUIRE(question.has_value());
  CHECK(question->store_id == "SEA-042");
  CHECK(question->gate_id == ShortId::of("front"));
  CHECK(question->request.cart);
  CHECK(question->request.cart_id == 117U);
  CHECK(question->request.stage == Stage::kPresent);
  CHECK(question->request.observed_at == parse_rfc3339("2026-10-26T05:33:20.000Z"));
}

TEST_CASE("a confirm that lacks a member or has it wrong is malformed, and the answer says which") {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"\"present\"", "\"soon\""},      {"\"cart\"", "\"trolley\""},       {"117", "-1"},
      {"a1b2c3d4e5f6", "A1B2C3D4E5F6"}, {"\"request_id\"", "\"request\""}, {"\"front\"", "\"no such gate!\""}};
  for (const auto& [from, to] : changes) {
    INFO(to);
    const auto question = parse_question(replaced(from, to));
    REQUIRE_FALSE(question.has_value());
    CHECK(question.error().code == "malformed");
    CHECK(question.error().message.find("expected") != std::string::npos);
  }
  CHECK(parse_question("{").error().code == "not_json");
  CHECK(parse_question("[]").error().code == "not_json");
}

TEST_CASE("a session reads back as it was kept") {
  Session session;
  session.session_id = *parse_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  session.cart_id = 4294967295U;
  session.session_tag = *parse_session_tag("a1b2c3d4e5f6");
  session.state = SessionState::kPaymentFailed;
  session.revoked = true;
  session.closed_at = wall_from_ms(1793000000123);
  session.expires_at = wall_from_ms(1793000000456);
  session.party_size = 12;
  session.total = Money{-5, {'J', 'P', 'Y'}};
  session.claims = {ShortId::of("front"), ShortId::of("back")};
  session.passed[ShortId::of("back")] = 3;
  session.unknown_at = {ShortId::of("side")};
  const auto read = parse_session(session_json(session));
  REQUIRE(read.has_value());
  CHECK(*read == session);
}

TEST_CASE("fault switches change one by one, and all at once with clear") {
  const auto slow = change_faults({}, R"({"confirm_delay_ms":900,"garbage":true})");
  REQUIRE(slow.has_value());
  const auto also_frozen = change_faults(*slow, R"({"freeze":true})");
  REQUIRE(also_frozen.has_value());
  CHECK(also_frozen->confirm_delay_ms == 900);
  CHECK(also_frozen->garbage);
  CHECK(also_frozen->freeze);
  CHECK(change_faults(*also_frozen, R"({"clear":true})") == Faults{});
}

TEST_CASE("a switch that does not exist or has a wrong value changes nothing") {
  for (const char* body :
       {R"({"explode":true})", R"({"freeze":1})", R"({"confirm_status":99})", R"({"date_offset_s":"1"})"}) {
    INFO(body);
    const auto faults = change_faults({}, body);
    REQUIRE_FALSE(faults.has_value());
    CHECK(faults.error().code == "malformed");
  }
}

TEST_CASE("an address is a host and a port") {
  const auto v6 = parse_host_port("[::1]:8443");
  REQUIRE(v6.has_value());
  CHECK(v6->host == "::1");
  CHECK(v6->port == 8443);
  for (const char* text : {"", "8443", ":8443", "host:", "host:99999", "host:1x"}) {
    INFO(text);
    CHECK_FALSE(parse_host_port(text).has_value());
  }
}

}  // namespace exitgate::reference
