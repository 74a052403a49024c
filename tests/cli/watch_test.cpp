#include "cli/watch_text.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/api_json.hpp"
#include "fakes.hpp"

using namespace exitgate;
using namespace exitgate::cli;

namespace {

boost::json::value status_with(std::size_t lanes, std::size_t faults) {
  test::FakeGate gate;
  gate.view.lanes.clear();
  for (std::size_t i = 1; i <= lanes; ++i) {
    LaneStatus lane;
    lane.id = LaneId::of("lane-with-a-long-name-" + std::to_string(i));
    lane.phase = i == lanes ? Phase::kFaulted : Phase::kIdle;
    gate.view.lanes.push_back(lane);
  }
  for (std::size_t i = 0; i < faults; ++i) {
    gate.view.faults.push_back(
        {FaultCode::kReceiverDown, Severity::kWarning, "device:rx1", wall_from_s(1), std::string(200, 'x')});
  }
  return boost::json::parse(api::status_json(gate.view));
}

}  // namespace

TEST_CASE("watch: whatever there is to show fits the screen") {
  std::deque<std::string> events(50, "event");
  for (const std::size_t lanes : {0, 1, 4, 32}) {
    for (const std::size_t faults : {0, 1, 40}) {
      for (const std::size_t height : {1, 8, 23, 60}) {
        const auto lines = watch_screen(status_with(lanes, faults), events, 80, height, false);
        INFO(lanes << " lanes, " << faults << " faults, " << height << " rows");
        CHECK(lines.size() <= height);
        for (const auto& line : lines) CHECK(columns_of(line) <= 80);
      }
    }
  }
}

TEST_CASE("watch: of too many lanes the one in trouble is shown, and the newest events have room") {
  std::deque<std::string> events{"old", "e1", "e2", "newest"};
  const auto lines = watch_screen(status_with(32, 2), events, 80, 23, false);
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  INFO(text);
  CHECK(text.find("lane-with-a-long-name-32") != std::string::npos);
  CHECK(text.find(" more lanes; see `exitgate status`") != std::string::npos);
  CHECK(text.find("newest") != std::string::npos);
}
