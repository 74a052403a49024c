#include "http/event_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate::http;

TEST_CASE("events: text is written in lines and read back the same, in pieces of any size") {
  const std::string text = event_text("7", "phase", "{\"a\":1}") + ": keepalive\n\n" + event_text("", "", "one\ntwo") +
                           event_text("8", "fault", "");
  const std::vector<ServerSentEvent> expected{
      {"7", "phase", "{\"a\":1}"}, {"7", "message", "one\ntwo"}, {"8", "fault", ""}};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EventTextReader reader;
    std::vector<ServerSentEvent> events;
    for (std::size_t at = 0; at < text.size(); at += size) {
      for (auto& event : reader.feed(std::string_view(text).substr(at, size))) events.push_back(std::move(event));
    }
    REQUIRE(events == expected);
  }
}

TEST_CASE("events: all three line ends are read") {
  EventTextReader reader;
  CHECK(reader.feed("data: a\r\n\r\ndata:b\r\rdata:  c\n\n") ==
        std::vector<ServerSentEvent>{{"", "message", "a"}, {"", "message", "b"}, {"", "message", " c"}});
}

TEST_CASE("events: a line break in an id can't forge an event") {
  EventTextReader reader;
  CHECK(reader.feed(event_text("1\ndata: forged\n\n", "x", "y")) ==
        std::vector<ServerSentEvent>{{"1data: forged", "x", "y"}});
}

TEST_CASE("events: one beyond the bound is dropped and the next is read") {
  EventTextReader reader(16);
  CHECK(reader.feed("data: " + std::string(100, 'x') + "\n\ndata: y\n\n") ==
        std::vector<ServerSentEvent>{{"", "message", "y"}});
}
