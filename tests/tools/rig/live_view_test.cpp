#include "tools/rig/live_view.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace exitgate;
using namespace exitgate::rig;
using Catch::Matchers::ContainsSubstring;

namespace {

std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<LaneOnPlant> four_lanes() {
  std::vector<LaneOnPlant> lanes;
  for (const char* const id : {"1", "2", "3", "4"}) {
    LaneSpec spec;
    spec.id = id;
    lanes.push_back({spec, LaneModel()});
    lanes.back().model.enter(cart_with_pusher("Anna"), MonoTime{});
    for (MonoTime now{}; now < MonoTime{} + std::chrono::seconds{8}; now += milliseconds{50}) {
      lanes.back().model.step({.coil_closes = true}, {.red = true}, now);
    }
  }
  return lanes;
}

}  // namespace

TEST_CASE("four lanes, with faults and many events, fit 80 columns and 24 lines") {
  const auto lanes = four_lanes();
  LiveViewInput input;
  input.title = "a demonstration with quite a long title that has to be cut somewhere";
  input.lanes = &lanes;
  input.fire = true;
  GateStatus gate;
  gate.faults = {"barrier_stuck_open lane:1"};
  for (const auto& lane : lanes) gate.lanes[lane.spec.id] = {"walkout", "out_of_service", "cart_not_recognised"};
  input.gate = gate;
  for (int i = 0; i < 40; ++i) input.events.push_back(std::string(200, 'x'));
  const auto lines = live_view(input, false);
  CHECK(lines.size() <= 24);
  for (const auto& line : lines) CHECK(columns(line) <= 80);
}

TEST_CASE("a cart waiting before the closed barrier is drawn left of it") {
  const auto lanes = four_lanes();
  const std::string floor = floor_line(lanes[0].model);
  CHECK(columns(floor) == 78);
  REQUIRE_THAT(floor, ContainsSubstring("▒"));
  CHECK(floor.find("▒") < floor.find("█"));
}

TEST_CASE("a daemon that does not answer is said so, without pretending a phase") {
  const auto lanes = four_lanes();
  LiveViewInput input;
  input.lanes = &lanes;
  const auto lines = live_view(input, false);
  CHECK_THAT(lines.at(1), ContainsSubstring("not answering"));
  CHECK_THAT(lines.at(2), ContainsSubstring("no answer"));
}
