#include "backend/confirm_codec.hpp"

#include <rapidcheck.h>

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;

namespace {

constexpr std::string_view kAdmitBody =
    R"({"decision":"admit","reason":"closed","session_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "expires_at":"2026-10-26T05:33:20.500Z","closed_at":"2026-10-26T05:00:00Z","party_size":3,
        "total":{"amount_minor":4599,"currency":"USD"},"news":{"from":["a","later","version"]}})";

NoAnswerCause cause_of(int status, std::string_view body) {
  const auto answer = decode_confirm_answer(status, body);
  REQUIRE(std::holds_alternative<NoAnswer>(answer));
  CHECK_FALSE(std::get<NoAnswer>(answer).detail.empty());
  return std::get<NoAnswer>(answer).cause;
}

std::string without(std::string_view field) {
  std::string body(kAdmitBody);
  const auto at = body.find("\"" + std::string(field) + "\"");
  REQUIRE(at != std::string::npos);
  return body.replace(at + 1, field.size(), "other_name");
}

std::string with(std::string_view from, std::string_view to) {
  std::string body(kAdmitBody);
  const auto at = body.find(from);
  REQUIRE(at != std::string::npos);
  return body.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("an admit is read with all its fields, and fields of later versions are passed over") {
  const auto answer = decode_confirm_answer(200, kAdmitBody);
  REQUIRE(std::holds_alternative<Admit>(answer));
  const auto& admit = std::get<Admit>(answer);
  CHECK(admit.reason == AdmitReason::kClosed);
  CHECK(to_string(admit.session_id) == "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  CHECK(to_rfc3339(admit.expires_at) == "2026-10-26T05:33:20.500Z");
  CHECK(to_rfc3339(admit.closed_at.value()) == "2026-10-26T05:00:00.000Z");
  CHECK(admit.party_size == 3);
  CHECK(admit.total->amount_minor == 4599);
  CHECK(admit.total->currency_code() == "USD");
}

TEST_CASE("an admit without optional fields, or with null ones, is for a party of one with no total") {
  for (const std::string_view optional : {"", R"(,"closed_at":null,"party_size":null,"total":null)"}) {
    const auto answer = decode_confirm_answer(
        200, R"({"decision":"admit","reason":"nothing_bought","session_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
                 "expires_at":"2026-10-26T05:33:20Z")" +
                 std::string(optional) + "}");
    REQUIRE(std::holds_alternative<Admit>(answer));
    CHECK(std::get<Admit>(answer).party_size == 1);
    CHECK_FALSE(std::get<Admit>(answer).closed_at);
    CHECK_FALSE(std::get<Admit>(answer).total);
  }
}

TEST_CASE("an admit that lacks a needed field is no answer") {
  for (const auto* field : {"decision", "reason", "session_id", "expires_at"}) {
    INFO(field);
    CHECK(cause_of(200, without(field)) == NoAnswerCause::kMalformed);
  }
}

TEST_CASE("an admit with a field of the wrong type or out of range is no answer") {
  CHECK(cause_of(200, with("\"closed\"", "\"because\"")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with("0193a1b2-c3d4", "0193a1b2+c3d4")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with("2026-10-26T05:33:20.500Z", "tomorrow")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with("\"2026-10-26T05:00:00Z\"", "17")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with(":3,", ":0,")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with(":3,", ":65536,")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with(":3,", ":1.5,")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with(":3,", ":\"3\",")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with("4599", "9007199254740993")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with("\"USD\"", "\"usd\"")) == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, with("\"USD\"", "\"USDX\"")) == NoAnswerCause::kMalformed);
}

TEST_CASE("a body that is no JSON object is no answer") {
  for (const std::string_view body :
       {"", "null", "[]", "{", "\xff\xfe", "{\"decision\":\"admit\"} trailing", "<html>"}) {
    INFO(body);
    CHECK(cause_of(200, body) == NoAnswerCause::kMalformed);
  }
  CHECK(cause_of(200, R"({"decision":"perhaps"})") == NoAnswerCause::kMalformed);
  CHECK(cause_of(200, std::string(100000, '[')) == NoAnswerCause::kMalformed);
}

TEST_CASE("every refuse reason is read, and an unknown one counts as inspection") {
  const auto refused_for = [](const std::string& reason) {
    return std::get<Refuse>(decode_confirm_answer(200, R"({"decision":"refuse","reason":")" + reason + "\"}")).reason;
  };
  CHECK(refused_for("session_open") == RefuseReason::kSessionOpen);
  CHECK(refused_for("payment_failed") == RefuseReason::kPaymentFailed);
  CHECK(refused_for("unknown_session") == RefuseReason::kUnknownSession);
  CHECK(refused_for("inspection") == RefuseReason::kInspection);
  CHECK(refused_for("already_used") == RefuseReason::kAlreadyUsed);
  CHECK(refused_for("a reason of a later version") == RefuseReason::kInspection);
  CHECK(cause_of(200, R"({"decision":"refuse"})") == NoAnswerCause::kMalformed);
}

TEST_CASE("another status is no answer, by class") {
  CHECK(cause_of(401, "") == NoAnswerCause::kCredentials);
  CHECK(cause_of(403, kAdmitBody) == NoAnswerCause::kCredentials);
  CHECK(cause_of(400, "{}") == NoAnswerCause::kClientError);
  CHECK(cause_of(404, kAdmitBody) == NoAnswerCause::kClientError);
  CHECK(cause_of(429, "") == NoAnswerCause::kClientError);
  CHECK(cause_of(500, "") == NoAnswerCause::kServerError);
  CHECK(cause_of(503, kAdmitBody) == NoAnswerCause::kServerError);
  CHECK(cause_of(204, "") == NoAnswerCause::kMalformed);
  CHECK(cause_of(201, kAdmitBody) == NoAnswerCause::kMalformed);
  CHECK(cause_of(302, "") == NoAnswerCause::kMalformed);
  CHECK(cause_of(999, "") == NoAnswerCause::kMalformed);
}

TEST_CASE("a TLS terminator's page about our certificate refuses credentials, a backend's own 400 does not") {
  CHECK(refuses_credentials(400, "<html><head><title>400 The SSL certificate error</title></head>"));
  CHECK(refuses_credentials(400, "<html><head><title>400 No required SSL certificate was sent</title></head>"));
  CHECK_FALSE(refuses_credentials(400, R"({"error":"The SSL certificate error"})"));
  CHECK_FALSE(refuses_credentials(422, "<html>The SSL certificate error"));
  CHECK_FALSE(refuses_credentials(200, "The SSL certificate error"));
}

TEST_CASE("a question about a cart carries all the contract names") {
  ConfirmRequest request;
  request.request_id = *parse_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  request.lane_id = LaneId::of("1");
  request.cart = true;
  request.observed_at = *parse_rfc3339("2026-10-26T05:33:20.000Z");
  request.stage = Stage::kPresent;
  request.cart_id = 4294967295U;
  request.session_tag = *parse_session_tag("a1b2c3d4e5f6");
  CHECK(encode_confirm_request(request, ShortId::of("SEA-042"), ShortId::of("front")) ==
        R"({"request_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","store_id":"SEA-042","gate_id":"front","lane_id":"1",)"
        R"("kind":"cart","observed_at":"2026-10-26T05:33:20.000Z","stage":"present","cart_id":4294967295,)"
        R"("session_tag":"a1b2c3d4e5f6"})");
}

TEST_CASE("a lapsed walkout names its session and no cart") {
  ConfirmRequest request;
  request.lane_id = LaneId::of("2");
  request.stage = Stage::kLapsed;
  request.session_id = *parse_uuid("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  const auto body = encode_confirm_request(request, ShortId::of("s"), ShortId::of("g"));
  CHECK(body.find(R"("kind":"walkout")") != std::string::npos);
  CHECK(body.find(R"("stage":"lapsed","session_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"})") != std::string::npos);
  CHECK(body.find("cart_id") == std::string::npos);
}

TEST_CASE("a status that raises a fault says what to do about it") {
  const auto advice = [](int status, std::string_view body = "") {
    return std::get<NoAnswer>(decode_confirm_answer(status, body)).detail;
  };
  for (const int status : {401, 403})
    CHECK(advice(status).ends_with("certificate for [store] id and gate, or correct those"));
  CHECK(advice(400, "<center>The SSL certificate error</center>").find("renew [backend] certificate_file") !=
        std::string::npos);
  CHECK(advice(404) ==
        "the backend answered a confirm with HTTP status 404: check [backend] url, and that the backend "
        "speaks this gate's version of the protocol");
  CHECK(advice(500) == "the backend answered a confirm with HTTP status 500");
}

TEST_CASE("bytes of any kind are an answer or none, never a crash") {
  CHECK(rc::check("any bytes", [](int status, const std::string& body) {
    const auto answer = decode_confirm_answer(status, body);
    RC_ASSERT(status == 200 || std::holds_alternative<NoAnswer>(answer));
  }));
  CHECK(rc::check("a good answer with one byte changed", [] {
    std::string body(kAdmitBody);
    const auto at = *rc::gen::inRange<std::size_t>(0, body.size());
    body[at] = *rc::gen::arbitrary<char>();
    const auto answer = decode_confirm_answer(200, body);
    // A changed byte can name another reason or time, but never a refusal.
    RC_ASSERT(!std::holds_alternative<Refuse>(answer));
  }));
}
