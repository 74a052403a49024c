#include <rapidcheck.h>

#include <catch2/catch_test_macros.hpp>

#include "backend/event_stream_parser.hpp"
#include "backend/stream_codec.hpp"

using namespace exitgate;

namespace {

std::vector<ServerSentEvent> parse(std::string_view bytes) {
  EventStreamParser parser;
  return parser.feed(bytes);
}

bool same(const std::vector<ServerSentEvent>& a, const std::vector<ServerSentEvent>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].type != b[i].type || a[i].data != b[i].data || a[i].id != b[i].id || a[i].oversize != b[i].oversize)
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("lines may end in LF, CR or CRLF, also mixed") {
  for (const std::string_view text :
       {"event: closed\nid: 7\ndata: x\n\n", "event: closed\rid: 7\rdata: x\r\r",
        "event: closed\r\nid: 7\r\ndata: x\r\n\r\n", "event: closed\rid: 7\ndata: x\r\n\n"}) {
    const auto events = parse(text);
    REQUIRE(events.size() == 1);
    CHECK(events[0].type == "closed");
    CHECK(events[0].id == "7");
    CHECK(events[0].data == "x");
  }
}

TEST_CASE("a byte order mark, comments and unknown fields are passed over, a field without a colon has no value") {
  const auto events = parse("\xEF\xBB\xBF: hello\nevent:a\nnews: 1\ndata\ndata: b\ndata:  c\n\n");
  REQUIRE(events.size() == 1);
  CHECK(events[0].type == "a");
  CHECK(events[0].data == "\nb\n c");
}

TEST_CASE("an id sticks to later events and an empty one clears it") {
  EventStreamParser parser("5");
  const auto events = parser.feed("data: a\n\nid: 6\ndata: b\n\ndata: c\n\nid\ndata: d\n\nid: 9\n\n");
  REQUIRE(events.size() == 4);
  CHECK(events[0].id == "5");
  CHECK(events[1].id == "6");
  CHECK(events[2].id == "6");
  CHECK(events[3].id.empty());
  CHECK(parser.last_event_id() == "9");
}

TEST_CASE("an id counts only once its event is complete") {
  EventStreamParser parser("5");
  CHECK(parser.feed("id: 6\ndata: b\n").empty());
  CHECK(parser.last_event_id() == "5");
}

TEST_CASE("an id that cannot go back in a header is ignored") {
  EventStreamParser parser;
  CHECK(parser
            .feed(std::string("id: a\x01"
                              "b\ndata: x\n\n"))[0]
            .id.empty());
  CHECK(parser.feed("id: " + std::string(257, 'a') + "\ndata: x\n\n")[0].id.empty());
  CHECK(parser.feed("id: " + std::string(256, 'a') + "\ndata: x\n\n")[0].id.size() == 256);
}

TEST_CASE("an event with a name and no data is told, an empty one is not") {
  const auto events = parse("event: keepalive\n\n\n\n: comment\n\n");
  REQUIRE(events.size() == 1);
  CHECK(events[0].type == "keepalive");
}

TEST_CASE("retry is read where it is a number") {
  EventStreamParser parser;
  CHECK(parser.feed("retry: 1500\nretry: soon\nretry: 99999999999999999999\n").empty());
  CHECK(parser.retry_ms() == 1500U);
}

TEST_CASE("an event over the bound is told as oversize, in one line or in many, and the next one is whole") {
  const std::string one_line = "id: 1\ndata: " + std::string(kStreamEventBytesMax + 1, 'x') + "\n\n";
  std::string many_lines = "id: 1\n";
  for (int i = 0; i < 70; ++i) many_lines += "data: " + std::string(1024, 'x') + "\n";
  many_lines += "\n";
  for (const auto& big : {one_line, many_lines}) {
    const auto events = parse(big + "data: small\n\n");
    REQUIRE(events.size() == 2);
    CHECK(events[0].oversize);
    CHECK(events[0].data.empty());
    CHECK(events[0].id == "1");
    CHECK(events[1].data == "small");
    CHECK_FALSE(events[1].oversize);
  }
}

TEST_CASE("how the bytes are cut changes nothing") {
  CHECK(rc::check("any cuts, any bytes", [] {
    const auto piece =
        rc::gen::element<std::string>("event: closed", "data: {}", "data:", "id: 4", "id", ":", "\r", "\n", "\r\n",
                                      "\xEF\xBB\xBF", "retry: 5", "x", std::string(1, '\0'), "\n\n");
    std::string text;
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) text += part;
    EventStreamParser whole;
    const auto expected = whole.feed(text);
    EventStreamParser cut;
    std::vector<ServerSentEvent> got;
    for (std::size_t at = 0; at < text.size();) {
      const auto size = *rc::gen::inRange<std::size_t>(1, 9);
      for (auto& event : cut.feed(std::string_view(text).substr(at, size))) got.push_back(std::move(event));
      at += size;
    }
    RC_ASSERT(same(expected, got));
    RC_ASSERT(whole.last_event_id() == cut.last_event_id());
  }));
}

TEST_CASE("bytes of any kind are parsed without a crash and events stay within their bound") {
  CHECK(rc::check("any bytes", [](const std::string& bytes) {
    EventStreamParser parser;
    for (const auto& event : parser.feed(bytes)) RC_ASSERT(event.data.size() <= kStreamEventBytesMax);
  }));
}

TEST_CASE("a closed event is read with all its fields") {
  const auto event = decode_stream_event(
      "closed", R"({"session_tag":"a1b2c3d4e5f6","cart_id":117,"session_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
                    "closed_at":"2026-10-26T05:00:00.000Z","expires_at":"2026-10-26T05:30:00.000Z","party_size":2,
                    "total":{"amount_minor":4599,"currency":"USD"},"more":1})");
  REQUIRE(event);
  const auto& closure = std::get<Closure>(**event);
  CHECK(to_string(closure.session_tag) == "a1b2c3d4e5f6");
  CHECK(closure.cart_id == 117);
  CHECK(closure.party_size == 2);
  CHECK(closure.total->amount_minor == 4599);
  CHECK(to_rfc3339(closure.expires_at) == "2026-10-26T05:30:00.000Z");
}

TEST_CASE("an expected walkout, claims and revocations are read") {
  const std::string session = R"("session_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")";
  const auto expected =
      decode_stream_event("expected", R"({"lane_id":"2",)" + session +
                                          R"(,"at":"2026-10-26T05:00:00Z","expires_at":"2026-10-26T05:30:00Z"})");
  REQUIRE(expected);
  CHECK(std::get<ExpectedWalkout>(**expected).lane_id == LaneId::of("2"));
  CHECK(std::get<ExpectedWalkout>(**expected).party_size == 1);
  CHECK(std::get<Claimed>(**decode_stream_event("claimed", "{" + session + R"(,"gate_id":"back"})")).gate_id ==
        ShortId::of("back"));
  CHECK(std::holds_alternative<Unclaimed>(**decode_stream_event("unclaimed", "{" + session + R"(,"gate_id":"back"})")));
  const auto by_id = std::get<Revocation>(**decode_stream_event("revoked", "{" + session + "}"));
  CHECK(by_id.session_id);
  CHECK_FALSE(by_id.session_tag);
  const auto by_tag = std::get<Revocation>(**decode_stream_event("revoked", R"({"session_tag":"a1b2c3d4e5f6"})"));
  CHECK_FALSE(by_tag.session_id);
  CHECK(by_tag.session_tag);
}

TEST_CASE("keepalive and reset need no data, an unknown event is nothing, a bad one an error that names the field") {
  CHECK(std::holds_alternative<Keepalive>(**decode_stream_event("keepalive", "")));
  CHECK(std::holds_alternative<Reset>(**decode_stream_event("reset", "{}")));
  CHECK_FALSE(*decode_stream_event("weather", "sunny"));
  CHECK_FALSE(*decode_stream_event("", "{}"));
  const auto bad = decode_stream_event("revoked", "{}");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == "backend_malformed");
  CHECK(bad.error().message.find("session_id") != std::string::npos);
  CHECK_FALSE(decode_stream_event("closed", "{"));
}

TEST_CASE("a closure with the tag of an idle cart is refused: it would open for every idle cart") {
  CHECK_FALSE(decode_stream_event(
      "closed", R"({"session_tag":"000000000000","cart_id":117,"session_id":"0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
                    "closed_at":"2026-10-26T05:00:00.000Z","expires_at":"2026-10-26T05:30:00.000Z"})"));
}

TEST_CASE("data of any kind is an event, nothing or an error, never a crash") {
  CHECK(rc::check("any data", [](const std::string& data) {
    const auto type = *rc::gen::element<std::string>("closed", "expected", "revoked", "claimed", "unclaimed");
    RC_ASSERT(!decode_stream_event(type, data).has_value());
  }));
}
