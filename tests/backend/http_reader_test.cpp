#include "backend/http_reader.hpp"

#include <rapidcheck.h>

#include <catch2/catch_test_macros.hpp>

#include "backend/http_request.hpp"

using namespace exitgate;

namespace {

constexpr std::size_t kLimit = 1024;
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\nRetry-After: 5\r\n"
    "Content-Length: 4\r\n\r\nbody";

Status feed_all(HttpReader& reader, std::string_view bytes) {
  reader.begin(kLimit);
  return reader.feed(bytes);
}

}  // namespace

TEST_CASE("a last chunk is whole however its bytes are cut") {
  const std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  HttpReader reader;
  reader.begin(kLimit);
  for (const char c : text) {
    REQUIRE_FALSE(reader.done());
    REQUIRE(reader.feed(std::string_view(&c, 1)).has_value());
  }
  CHECK(reader.done());
  CHECK(reader.take_body() == "ab");
}

TEST_CASE("an answer is whole however its bytes are cut") {
  for (std::size_t step = 1; step <= kAnswer.size(); ++step) {
    HttpReader reader;
    reader.begin(kLimit);
    for (std::size_t at = 0; at < kAnswer.size(); at += step) {
      REQUIRE_FALSE(reader.done());
      REQUIRE(reader.feed(kAnswer.substr(at, step)));
    }
    REQUIRE(reader.done());
    CHECK_FALSE(reader.overrun());
    CHECK(reader.head()->status == 200);
    CHECK(reader.head()->keep_alive);
    CHECK(reader.head()->content_type == "application/json");
    CHECK(reader.head()->retry_after == "5");
    CHECK(to_rfc3339(reader.head()->date.value()) == "1994-11-06T08:49:37.000Z");
    CHECK(reader.take_body() == "body");
  }
}

TEST_CASE("interim answers are passed over, bytes after the answer are seen") {
  HttpReader reader;
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  REQUIRE(feed_all(reader, interim + std::string(kAnswer)));
  CHECK(reader.done());
  CHECK(reader.take_body() == "body");
  CHECK_FALSE(reader.overrun());
  REQUIRE(feed_all(reader, std::string(kAnswer) + "more"));
  CHECK(reader.overrun());
}

TEST_CASE("a chunked body comes in pieces") {
  HttpReader reader;
  reader.begin(kUnbounded);
  REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  CHECK(reader.head()->status == 200);
  CHECK(reader.take_body() == "abc");
  CHECK(reader.take_body().empty());
  REQUIRE(reader.feed("2;ext=1\r\nd"));
  REQUIRE(reader.feed("e\r\n0\r\n\r\n"));
  CHECK(reader.take_body() == "de");
  CHECK(reader.done());
}

TEST_CASE("fields of trailers are not the answer's") {
  HttpReader reader;
  REQUIRE(feed_all(reader,
                   "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
                   "Content-Type: c/d\r\nRetry-After: 9\r\n\r\n"));
  CHECK(reader.done());
  CHECK(reader.head()->content_type == "a/b");
  CHECK(reader.head()->retry_after.empty());
}

TEST_CASE("a body over the bound is an error, announced or not") {
  HttpReader reader;
  CHECK_FALSE(feed_all(reader, "HTTP/1.1 200 OK\r\nContent-Length: 1025\r\n\r\n"));
  CHECK_FALSE(feed_all(reader, "HTTP/1.1 200 OK\r\n\r\n" + std::string(1025, 'x')));
  CHECK_FALSE(
      feed_all(reader, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n" + std::string(1025, 'x')));
  CHECK_FALSE(feed_all(reader, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"));
  CHECK_FALSE(feed_all(reader, "HTTP/1.1 200 OK\r\nX: " + std::string(40000, 'x')));
}

TEST_CASE("a body as long as the other end says takes no memory on its word") {
  HttpReader reader;
  reader.begin(kUnbounded);
  REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nab"));
  CHECK(reader.take_body() == "ab");
}

TEST_CASE("an orderly end completes a body without a length and no other") {
  HttpReader reader;
  REQUIRE(feed_all(reader, "HTTP/1.1 200 OK\r\n\r\nabc"));
  CHECK_FALSE(reader.done());
  CHECK(reader.end_of_input());
  CHECK(reader.done());
  CHECK(reader.take_body() == "abc");
  CHECK_FALSE(reader.head()->keep_alive);
  REQUIRE(feed_all(reader, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"));
  CHECK_FALSE(reader.end_of_input());
  REQUIRE(feed_all(reader, "HTTP/1.1 20"));
  CHECK_FALSE(reader.end_of_input());
  reader.begin(kLimit);
  CHECK_FALSE(reader.end_of_input());
}

TEST_CASE("what is no HTTP is an error") {
  HttpReader reader;
  CHECK_FALSE(feed_all(reader, "SSH-2.0-OpenSSH_9.2\r\n"));
  CHECK_FALSE(feed_all(reader, "HTTP/2 200 OK\r\n\r\n"));
  CHECK_FALSE(feed_all(reader, "HTTP/1.1 200 OK\r\nbad header\r\n\r\n"));
}

TEST_CASE("bytes of any kind are an answer, part of one or an error, never a crash") {
  CHECK(rc::check("pieces of answers in any order", [] {
    const auto piece = rc::gen::element<std::string>(
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.0 204 X\r\n", "Content-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\n", "\r\n", "4\r\n", "abcd", "0\r\n\r\n", "\r", "\n", "A: b\r\n", " ",
        std::string(1, '\0'), "fffffffff\r\n");
    HttpReader reader;
    reader.begin(kLimit);
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(piece)) {
      if (!reader.expecting()) break;
      if (!reader.feed(part)) break;
    }
    RC_ASSERT(reader.take_body().size() <= kLimit);
  }));
}

TEST_CASE("a request has what HTTP and the contract need") {
  HttpRequest request;
  request.method = "POST";
  request.target = "/v1/receipts";
  request.body = "{}";
  CHECK(to_bytes(request, {"[::1]:8443", "/api", "exitgate/1"}) ==
        "POST /api/v1/receipts HTTP/1.1\r\nHost: [::1]:8443\r\nAccept: application/json\r\nUser-Agent: exitgate/1\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  HttpRequest stream;
  stream.target = "/v1/stores/s/closures?gate=g";
  stream.accept = "text/event-stream";
  stream.last_event_id = "42";
  CHECK(to_bytes(stream, {"h:1", "", ""}) ==
        "GET /v1/stores/s/closures?gate=g HTTP/1.1\r\nHost: h:1\r\nAccept: text/event-stream\r\nCache-Control: "
        "no-store\r\n"
        "Last-Event-ID: 42\r\n\r\n");
}
