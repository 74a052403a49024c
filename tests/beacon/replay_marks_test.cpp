#include "beacon/replay_marks.hpp"

#include <rapidcheck.h>
#include <catch2/catch_test_macros.hpp>

#include "radio_fixture.hpp"

namespace exitgate::beacon {

TEST_CASE("a 24-bit time is read as the nearest full time") {
  CHECK(expand_time(0xFFFFFD, 1795162116) == 1795162109);
  const bool held = rc::check([](std::uint32_t ahead) {
    const std::int64_t near_unix_s = kNowUnixS + ahead;
    const auto offset = std::int64_t{*rc::gen::inRange(-(1 << 23), 1 << 23)};
    const auto time24 = static_cast<std::uint32_t>((near_unix_s + offset) & 0xFFFFFF);
    RC_ASSERT(expand_time(time24, near_unix_s) == near_unix_s + offset);
  });
  CHECK(held);
}

TEST_CASE("a mark far ahead of a synchronised clock is dropped, one just ahead is kept") {
  ReplayMarks marks(30);
  const ReplayMark loaded[] = {{.cart_id = 1, .newest_unix_s = kNowUnixS + 31},
                               {.cart_id = 2, .newest_unix_s = kNowUnixS + 30}};
  marks.load(loaded);
  CHECK(marks.judge(1, kNowUnixS, synchronised_at(kNowUnixS)) == Freshness::kFresh);
  CHECK(marks.judge(2, kNowUnixS, synchronised_at(kNowUnixS)) == Freshness::kReplayed);
  const auto changes = marks.take_changes();
  CHECK(changes.drop == std::vector<CartId>{1});
  CHECK(changes.put.empty());
}

TEST_CASE("a mark dropped and set anew is written with its new time and not dropped") {
  ReplayMarks marks(30);
  const ReplayMark loaded{.cart_id = 1, .newest_unix_s = kNowUnixS + 3600};
  marks.load({&loaded, 1});
  REQUIRE(marks.judge(1, kNowUnixS, synchronised_at(kNowUnixS)) == Freshness::kFresh);
  marks.accept({}, 1, kNowUnixS);
  const auto changes = marks.take_changes();
  CHECK(changes.drop.empty());
  CHECK(changes.put == std::vector<ReplayMark>{{.cart_id = 1, .newest_unix_s = kNowUnixS}});
}

TEST_CASE("while the clock is unsynchronised a mark far ahead still holds") {
  ReplayMarks marks(30);
  const ReplayMark loaded{.cart_id = 1, .newest_unix_s = kNowUnixS + 3600};
  marks.load({&loaded, 1});
  ClockView clock = synchronised_at(kNowUnixS);
  clock.synchronised = false;
  CHECK(marks.judge(1, kNowUnixS, clock) == Freshness::kReplayed);
  CHECK(marks.judge(1, kNowUnixS + 3600, clock) == Freshness::kFresh);
}

TEST_CASE("with neither clock nor floor the marks alone judge") {
  ReplayMarks marks(30);
  ClockView clock{
      .now = wall_from_s(60), .judging = wall_from_s(60), .synchronised = false, .wrong = false, .floor = {}};
  const auto sent = frame_time(static_cast<std::uint32_t>(kNowUnixS & 0xFFFFFF), clock);
  CHECK(marks.judge(1, sent, clock) == Freshness::kFresh);
  marks.accept({}, 1, sent);
  CHECK(marks.judge(1, sent - 3, clock) == Freshness::kReplayed);
}

TEST_CASE("at the bound the marks with the oldest times go") {
  ReplayMarks marks(30);
  for (CartId cart = 0; cart <= kMaxMarks; ++cart) marks.accept({}, cart, kNowUnixS + cart);
  CHECK(marks.size() <= kMaxMarks);
  const auto clock = synchronised_at(kNowUnixS + kMaxMarks);
  CHECK(marks.judge(kMaxMarks, kNowUnixS + kMaxMarks - 3, clock) == Freshness::kReplayed);
}

}  // namespace exitgate::beacon
