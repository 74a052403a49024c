// Whoever logs never waits for whoever reads.
#include "runtime/log_writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <future>

namespace exitgate::runtime {
namespace {

constexpr Duration kLong = std::chrono::seconds{30};

/// A log that is read only when the test says so.
struct Reader {
  std::promise<void> reads;
  std::shared_future<void> reading = reads.get_future().share();
  std::promise<void> first;
  bool first_told = false;
  std::vector<std::string> seen;  ///< the writer's until flush() said that all is written

  void operator()(const LogLine& line) {
    if (!std::exchange(first_told, true)) first.set_value();
    reading.wait();
    seen.push_back(line.message);
  }
};

LogLine line(std::string message) { return {.level = LogLevel::kInfo, .message = std::move(message), .fields = {}}; }

}  // namespace

TEST_CASE("log lines are written in order, and flushing waits for the last of them") {
  Reader reader;
  reader.reads.set_value();
  LogWriter writer(std::ref(reader), 100);
  for (int i = 0; i < 100; ++i) writer.push(line(std::to_string(i)));
  REQUIRE(writer.flush(kLong));
  REQUIRE(reader.seen.size() == 100);
  CHECK(reader.seen.front() == "0");
  CHECK(reader.seen.back() == "99");
}

TEST_CASE("while nobody reads the log, lines wait up to a bound, more are dropped, and flushing ends in its time") {
  Reader reader;
  LogWriter writer(std::ref(reader), 3);
  writer.push(line("being written"));
  reader.first.get_future().wait();
  for (int i = 0; i < 10; ++i) writer.push(line(std::to_string(i)));
  CHECK_FALSE(writer.flush(milliseconds{1}));
  reader.reads.set_value();
  REQUIRE(writer.flush(kLong));
  REQUIRE(reader.seen.size() == 5);
  CHECK(std::vector<std::string>(reader.seen.begin(), reader.seen.end() - 1) ==
        std::vector<std::string>{"being written", "0", "1", "2"});
  CHECK(reader.seen.back().starts_with("log: 7 lines were dropped here"));
}

TEST_CASE("the count of dropped log lines stands where they would have stood, and begins anew after it") {
  Reader reader;
  LogWriter writer(std::ref(reader), 1);
  writer.push(line("being written"));
  reader.first.get_future().wait();
  for (const auto* text : {"kept", "lost", "lost"}) writer.push(line(text));
  reader.reads.set_value();
  REQUIRE(writer.flush(kLong));
  writer.push(line("later"));
  REQUIRE(writer.flush(kLong));
  REQUIRE(reader.seen.size() == 4);
  CHECK(reader.seen[1] == "kept");
  CHECK(reader.seen[2].starts_with("log: 2 lines were dropped here"));
  CHECK(reader.seen[3] == "later");
}

TEST_CASE("a log writer that ends writes what waits") {
  Reader reader;
  reader.reads.set_value();
  {
    LogWriter writer(std::ref(reader), 100);
    for (int i = 0; i < 50; ++i) writer.push(line("x"));
  }
  CHECK(reader.seen.size() == 50);
}

}  // namespace exitgate::runtime
