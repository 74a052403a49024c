#include "http/request_reader.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate::http;
using Progress = RequestReader::Progress;

namespace {

Progress read(RequestReader& reader, std::string text) { return reader.feed(text); }

Progress read(RequestReader reader, const std::string& text, std::size_t piece) {
  std::string input;
  auto progress = Progress::kNeedMore;
  for (std::size_t at = 0; at < text.size() && progress == Progress::kNeedMore; at += piece) {
    input += text.substr(at, piece);
    progress = reader.feed(input);
  }
  return progress;
}

unsigned refused_with(const std::string& text) {
  RequestReader reader(1024, 100);
  return read(reader, text) == Progress::kRejected ? reader.rejection().status : 0;
}

}  // namespace

TEST_CASE("reader: a last chunk is whole however its bytes are cut") {
  const std::string head = "POST / HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n";
  RequestReader reader(1024, 100);
  std::string input = head;
  REQUIRE(reader.feed(input) == Progress::kNeedMore);
  for (const char c : std::string("0\r\n\r")) {
    input += c;
    REQUIRE(reader.feed(input) == Progress::kNeedMore);
  }
  input += '\n';
  REQUIRE(reader.feed(input) == Progress::kComplete);
  CHECK(reader.take().body.empty());
}

TEST_CASE("reader: a request comes out whole, whatever pieces it came in") {
  const std::string text = "POST /a%20b?c=d HTTP/1.1\r\nHost: gate\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    RequestReader reader(1024, 100);
    std::string input;
    auto progress = Progress::kNeedMore;
    for (std::size_t at = 0; at < text.size(); at += size) {
      REQUIRE(progress == Progress::kNeedMore);
      input += text.substr(at, size);
      progress = reader.feed(input);
    }
    REQUIRE(progress == Progress::kComplete);
    CHECK(input.empty());
    CHECK(reader.keep_alive());
    const Request request = reader.take();
    CHECK(request.method == "POST");
    CHECK(request.path == "/a b");
    CHECK(request.parameter("c") == "d");
    CHECK(request.header("x-ONE") == "1");
    CHECK_FALSE(request.header("x-two"));
    CHECK(request.body == "hello");
  }
}

TEST_CASE("reader: what follows a request stays for the next") {
  std::string input = "GET /1 HTTP/1.1\r\nHost: g\r\n\r\nGET /2 HTTP/1.1\r\nHost: g\r\n\r\n";
  RequestReader first(1024, 100);
  REQUIRE(first.feed(input) == Progress::kComplete);
  CHECK(first.take().path == "/1");
  RequestReader second(1024, 100);
  REQUIRE(second.feed(input) == Progress::kComplete);
  CHECK(second.take().path == "/2");
  CHECK(input.empty());
}

TEST_CASE("reader: a chunked body is put together") {
  RequestReader reader(1024, 100);
  REQUIRE(read(reader,
               "POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") ==
          Progress::kComplete);
  CHECK(reader.take().body == "abcde");
}

TEST_CASE("reader: fields of trailers are no headers") {
  RequestReader reader(1024, 100);
  REQUIRE(read(reader,
               "POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nHost: other\r\nX: "
               "y\r\n\r\n") == Progress::kComplete);
  const Request request = reader.take();
  CHECK(request.header("Host") == "g");
  CHECK_FALSE(request.header("X"));
}

TEST_CASE("reader: an absolute target stands above the Host header") {
  RequestReader reader(1024, 100);
  REQUIRE(read(reader, "GET http://other/x HTTP/1.1\r\nHost: gate\r\n\r\n") == Progress::kComplete);
  CHECK(reader.take().header("host") == "other");
}

TEST_CASE("reader: a body too large is refused before it is read, in chunks too") {
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 101\r\n\r\n") == 413);
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') +
                     "\r\n0\r\n\r\n") == 413);
}

TEST_CASE("reader: a header too large is refused, an endless chunk header too") {
  CHECK(refused_with("GET / HTTP/1.1\r\nHost: g\r\nX: " + std::string(2000, 'x')) == 431);
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'x')) ==
        431);
}

TEST_CASE("reader: what is too large is refused, and what just fits is read, however its bytes are cut") {
  const std::string get = "GET / HTTP/1.1\r\nHost: g\r\nX: ";
  const std::string chunked = "POST / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct Part {
    std::string before, after;
    std::size_t rest;  ///< bytes of the bounded part beside the filling
  };
  for (const Part& part : {Part{get, "\r\n\r\n", get.size() + 4}, Part{chunked + "1;", "\r\nx\r\n0\r\n\r\n", 4},
                           Part{chunked + "0\r\nX: ", "\r\n\r\n", 10}}) {
    for (const std::size_t over : {0U, 1U, 200U}) {
      const std::string text = part.before + std::string(1024 - part.rest + over, 'x') + part.after;
      for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size()}) {
        INFO(part.before << " over by " << over << " in pieces of " << piece);
        CHECK(read(RequestReader(1024, 100), text, piece) == (over == 0 ? Progress::kComplete : Progress::kRejected));
      }
    }
  }
}

TEST_CASE("reader: what is no request is refused with 400") {
  for (const std::string text : {
           "\x16\x03\x01\x02\r\n\r\n",
           "GET\r\n\r\n",
           "GET / HTTP/3.0\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET x HTTP/1.1\r\nHost: g\r\n\r\n",
           "GET /%zz HTTP/1.1\r\nHost: g\r\n\r\n",
           "GET / HTTP/1.1\r\nHost : g\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: g\r\nContent-Length: -1\r\n\r\n",
       }) {
    INFO(text);
    CHECK(refused_with(text) == 400);
  }
}

TEST_CASE("reader: the expectation of 100-continue is told once, and only while the body is missing") {
  RequestReader reader(1024, 100);
  REQUIRE(read(reader, "POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n") ==
          Progress::kNeedMore);
  CHECK(reader.take_expectation());
  CHECK_FALSE(reader.take_expectation());
  REQUIRE(read(reader, "ab") == Progress::kComplete);
  RequestReader other(1024, 100);
  REQUIRE(read(other, "POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab") ==
          Progress::kComplete);
  CHECK_FALSE(other.take_expectation());
}
