#include "backend/upload_codec.hpp"

#include <rapidcheck.h>

#include <catch2/catch_test_macros.hpp>

#include "backend/pass_key_codec.hpp"

using namespace exitgate;
using namespace std::chrono_literals;

namespace {
const WallTime kNow = *parse_rfc3339("2026-10-26T05:00:00Z");
}

TEST_CASE("receipts go out byte for byte") {
  CHECK(encode_upload({R"({"b":1,"a":2})", R"({ "c" : 3 })"}, ShortId::of("SEA-042"), ShortId::of("front")) ==
        R"({"store_id":"SEA-042","gate_id":"front","receipts":[{"b":1,"a":2},{ "c" : 3 }]})");
}

TEST_CASE("a long reason is cut between two characters") {
  std::string reason = "x";
  for (int i = 0; i < 300; ++i) reason += "\u00e9";
  const auto answer = decode_upload_answer(
      200,
      R"({"results":[{"receipt_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a51","status":"rejected","reason":")" + reason +
          "\"}]}",
      "", kNow);
  const auto& results = std::get<UploadAccepted>(answer).results;
  REQUIRE(results.size() == 1);
  CHECK(results[0].reason == reason.substr(0, 499));
}

TEST_CASE("results are read one by one, and those that cannot be read are left out") {
  const auto answer =
      decode_upload_answer(200, R"({"results":[{"receipt_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a51","status":"stored"},
                          {"receipt_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a52","status":"duplicate","extra":1},
                          {"receipt_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a53","status":"rejected","reason":"hash"},
                          {"receipt_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a54","status":"undecided"},
                          {"receipt_id":"nobody","status":"stored"}, {"status":"stored"}, 7, null]})",
                           "", kNow);
  const auto& results = std::get<UploadAccepted>(answer).results;
  REQUIRE(results.size() == 3);
  CHECK(results[0].status == UploadStatus::kStored);
  CHECK(results[1].status == UploadStatus::kDuplicate);
  CHECK(results[2].status == UploadStatus::kRejected);
  CHECK(results[2].reason == "hash");
}

TEST_CASE("every row of the table of answers") {
  const auto decode = [](int status, std::string_view body = "", std::string_view retry = "") {
    return decode_upload_answer(status, body, retry, kNow);
  };
  for (const int status : {400, 413, 422}) CHECK(std::get<UploadUnacceptable>(decode(status)).http_status == status);
  for (const int status : {401, 403}) CHECK_FALSE(std::get<UploadForbidden>(decode(status)).detail.empty());
  CHECK(std::holds_alternative<UploadForbidden>(decode(400, "<html>400 The SSL certificate error")));
  for (const int status : {429, 503}) {
    CHECK(std::get<UploadBusy>(decode(status, "", "17")).retry_after == Duration(17s));
    CHECK_FALSE(std::get<UploadBusy>(decode(status)).retry_after);
  }
  for (const int status : {404, 409, 500, 502, 504, 204, 302, 0})
    CHECK(std::holds_alternative<UploadFailed>(decode(status)));
  for (const auto* body : {"", "{}", "[]", R"({"results":{}})", "\xff"})
    CHECK(std::holds_alternative<UploadFailed>(decode(200, body)));
}

TEST_CASE("Retry-After is seconds or a date, never negative, never over ten minutes") {
  CHECK(parse_retry_after("0", kNow) == Duration(0));
  CHECK(parse_retry_after(" 120 ", kNow) == Duration(120s));
  CHECK(parse_retry_after("601", kNow) == Duration(600s));
  CHECK(parse_retry_after("99999999999999999999999999", kNow) == Duration(600s));
  CHECK(parse_retry_after("Mon, 26 Oct 2026 05:00:30 GMT", kNow) == Duration(30s));
  CHECK(parse_retry_after("Mon, 26 Oct 2026 04:00:30 GMT", kNow) == Duration(0));
  CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kNow) == Duration(600s));
  for (const auto* bad : {"", "-5", "1.5", "soon", "Mon, 99 Oct 2026 05:00:30 GMT"})
    CHECK_FALSE(parse_retry_after(bad, kNow));
}

TEST_CASE("answers and delays of any kind are a row of the table, never a crash") {
  CHECK(rc::check("any bytes", [](int status, const std::string& body, const std::string& retry) {
    const auto answer = decode_upload_answer(status, body, retry, kNow);
    const auto* busy = std::get_if<UploadBusy>(&answer);
    const bool in_range = busy == nullptr || !busy->retry_after ||
                          (*busy->retry_after >= Duration(0) && *busy->retry_after <= Duration(600s));
    RC_ASSERT(in_range);
  }));
}

TEST_CASE("pass keys are read with and without their windows") {
  const auto decoded = decode_pass_keys(
      R"({"keys":[{"key_id":1,"public_key":"ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=",
                   "not_before":"2026-01-01T00:00:00Z","not_after":"2027-01-01T00:00:00Z"},
                  {"key_id":255,"public_key":"ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ="}]})");
  REQUIRE(decoded);
  REQUIRE(decoded->keys.size() == 2);
  CHECK(decoded->keys[0].key_id == 1);
  CHECK(decoded->keys[0].public_key[0] == 0x79);
  CHECK(to_rfc3339(decoded->keys[0].not_after.value()) == "2027-01-01T00:00:00.000Z");
  CHECK(decoded->keys[1].key_id == 255);
  CHECK_FALSE(decoded->keys[1].not_before);
  CHECK(decoded->skipped == 0);
}

TEST_CASE("a pass key that cannot be read is left out, a list that is none is an error") {
  const auto decoded = decode_pass_keys(
      R"({"keys":[{"key_id":256,"public_key":"ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ="},
                  {"key_id":2,"public_key":"c2hvcnQ="}, {"key_id":3}, 5,
                  {"key_id":4,"public_key":"ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=","not_after":"never"},
                  {"key_id":9,"public_key":"ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ="}]})");
  REQUIRE(decoded);
  REQUIRE(decoded->keys.size() == 1);
  CHECK(decoded->keys[0].key_id == 9);
  CHECK(decoded->skipped == 5);
  for (const auto* body : {"", "{}", R"({"keys":{}})", "null"}) CHECK_FALSE(decode_pass_keys(body));
}

TEST_CASE("a list of pass keys of any kind is keys or an error, never a crash") {
  CHECK(rc::check("any bytes", [](const std::string& body) { RC_ASSERT(!decode_pass_keys(body).has_value()); }));
}
