// Faults, each raised and cleared once, and what is advised meanwhile (operation contract).
#include "core/fault_board.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

constexpr Now kNow{.mono = MonoTime{std::chrono::seconds{1}}};

std::string advice_of(const std::vector<Fault>& faults, FaultCode code) {
  const auto found = std::find_if(faults.begin(), faults.end(), [&](const Fault& f) { return f.code == code; });
  return found == faults.end() ? "none" : found->advice;
}

}  // namespace

TEST_CASE("the advice of a fault that stands is the newest, and a new one is no event") {
  FaultBoard board;
  std::vector<Command> out;
  board.raise(FaultCode::kCartClock, "box", "set the clock of cart 700", kNow, out);
  CHECK(out.size() == 1);
  board.raise(FaultCode::kCartClock, "box", "set the clock of cart 701", kNow, out);
  CHECK(out.size() == 1);
  REQUIRE(board.all().size() == 1);
  CHECK(board.all()[0].advice == "set the clock of cart 701");
  SECTION("one that says nothing leaves it") {
    board.raise(FaultCode::kCartClock, "box", "", kNow, out);
    CHECK(board.all()[0].advice == "set the clock of cart 701");
  }
  SECTION("what clears it says what was advised last") {
    board.clear(FaultCode::kCartClock, "box", kNow, out);
    CHECK(out.size() == 2);
    const auto& fields = std::get<Publish>(out[1]).event.fields;
    CHECK(std::any_of(fields.begin(), fields.end(), [](const auto& field) {
      return field.second == FieldValue{std::string("set the clock of cart 701")};
    }));
  }
}

TEST_CASE("carts whose clocks are wrong are named as they come and go, while the fault stands throughout") {
  LaneWorld world({LaneOptions{}});
  const auto advice = [&] { return advice_of(world.controller->status().faults, FaultCode::kCartClock); };
  world.step(CartClockNotice{.cart_id = 700, .receivers = {1}});
  CHECK(advice() == "the clock of cart 700 is wrong: set it, or take the cart out of use");
  world.step(CartClockNotice{.cart_id = 701, .receivers = {1}});
  CHECK(advice() == "the clock of cart 700, 701 is wrong: set it, or take the cart out of use");
  world.step(CartClockNotice{.cart_id = 700, .receivers = {1}, .suspect = false, .fault = false});
  CHECK(advice() == "the clock of cart 701 is wrong: set it, or take the cart out of use");
  world.step(CartClockNotice{.cart_id = 701, .receivers = {1}, .suspect = false, .fault = false});
  CHECK(advice() == "none");
}

}  // namespace exitgate::test
