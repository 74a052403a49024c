#include "tools/backend/walkout_lanes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate::reference {
namespace {

const LaneKey kLane{ShortId::of("front"), ShortId::of("2")};
const Uuid kFirst = *parse_uuid("0193a1b2-c3d4-7e5f-8a9b-000000000001");
const Uuid kSecond = *parse_uuid("0193a1b2-c3d4-7e5f-8a9b-000000000002");

}  // namespace

TEST_CASE("a walkout lane names its shoppers in order of arrival, each once let out") {
  WalkoutLanes lanes;
  lanes.arrive(kLane, kFirst);
  lanes.arrive(kLane, kSecond);
  CHECK(lanes.standing(kLane, std::nullopt) == kFirst);
  CHECK(lanes.standing(kLane, std::nullopt) == kFirst);
  lanes.being_let_out(kLane, kFirst);
  CHECK(lanes.standing(kLane, std::nullopt) == kSecond);
}

TEST_CASE("a shopper whose admission lapsed is back in place") {
  WalkoutLanes lanes;
  lanes.arrive(kLane, kFirst);
  lanes.arrive(kLane, kSecond);
  lanes.being_let_out(kLane, kFirst);
  lanes.back_in_place(kFirst);
  CHECK(lanes.standing(kLane, std::nullopt) == kFirst);
}

TEST_CASE("a gate that names a shopper is told who really stands there") {
  WalkoutLanes lanes;
  lanes.arrive(kLane, kSecond);
  lanes.arrive(kLane, kFirst);
  CHECK(lanes.standing(kLane, kFirst) == kSecond);
  lanes.being_let_out(kLane, kFirst);
  CHECK(lanes.standing(kLane, kFirst) == kFirst);
}

TEST_CASE("nobody is known at a lane nobody came to, so the gate's own word stands") {
  const WalkoutLanes lanes;
  CHECK_FALSE(lanes.standing(kLane, std::nullopt).has_value());
  CHECK(lanes.standing(kLane, kFirst) == kFirst);
}

TEST_CASE("with nobody else waiting it is the rest of the last party") {
  WalkoutLanes lanes;
  lanes.arrive(kLane, kFirst);
  lanes.being_let_out(kLane, kFirst);
  CHECK(lanes.standing(kLane, std::nullopt) == kFirst);
  lanes.leave(kFirst);
  CHECK_FALSE(lanes.standing(kLane, std::nullopt).has_value());
}

TEST_CASE("an arrival for any gate is found by whichever asks") {
  WalkoutLanes lanes;
  lanes.arrive({ShortId(), kLane.lane_id}, kFirst);
  CHECK(lanes.standing(kLane, std::nullopt) == kFirst);
  lanes.being_let_out(kLane, kFirst);
  lanes.arrive({ShortId(), kLane.lane_id}, kSecond);
  CHECK(lanes.standing(kLane, std::nullopt) == kSecond);
}

TEST_CASE("a shopper stands at one lane: coming to another leaves the first") {
  WalkoutLanes lanes;
  const LaneKey other{kLane.gate_id, ShortId::of("3")};
  lanes.arrive(kLane, kFirst);
  lanes.arrive(other, kFirst);
  CHECK_FALSE(lanes.standing(kLane, std::nullopt).has_value());
  CHECK(lanes.standing(other, std::nullopt) == kFirst);
}

TEST_CASE("a lane holds a bounded number of arrivals and drops the longest there") {
  WalkoutLanes lanes;
  Uuid id;
  for (std::size_t i = 0; i <= WalkoutLanes::kMaxArrivals; ++i) {
    id.bytes[15] = static_cast<std::uint8_t>(i);
    lanes.arrive(kLane, id);
  }
  id.bytes[15] = 1;
  CHECK(lanes.standing(kLane, std::nullopt) == id);
}

}  // namespace exitgate::reference
