#include "hal/gpiod/edge_fold.hpp"

#include <rapidcheck.h>
#include <catch2/catch_test_macros.hpp>

namespace exitgate::hal {
namespace {

MonoTime at_us(int us) { return mono_from_us(us); }

using Changes = std::vector<LevelChange>;

/// Two inputs, told as low at 100 µs.
struct Folding {
  EdgeFold fold{2};
  Folding() { (void)fold.fold({}, at_us(100), {false, false}); }
  Changes operator()(std::vector<LineEdge> edges, int read_at, bool first, bool second = false) {
    return fold.fold(std::move(edges), at_us(read_at), {first, second});
  }
};

TEST_CASE("the first reading tells every level, whatever edges came before it") {
  EdgeFold fold{2};
  const auto changes = fold.fold({{1, false, at_us(50), 1}}, at_us(100), {false, true});
  CHECK(changes == Changes{{0, false, at_us(100)}, {1, true, at_us(100)}});
  CHECK(fold.fold({}, at_us(200), {false, true}).empty());
}

TEST_CASE("edges give each change its own time, and lines are told in order of time") {
  Folding f;
  const auto changes =
      f({{0, true, at_us(110), 1}, {0, false, at_us(150), 2}, {1, true, at_us(130), 1}}, 200, false, true);
  CHECK(changes == Changes{{0, true, at_us(110)}, {1, true, at_us(130)}, {0, false, at_us(150)}});
  CHECK(f.fold.lost_edges() == 0);
}

TEST_CASE("a pulse too short for its direction repeats it: the level decides, nothing is told") {
  Folding f;
  CHECK(f({{0, false, at_us(110), 1}, {0, false, at_us(111), 2}}, 200, false).empty());
  // Rising, and a dip whose two edges were both read as rising.
  CHECK(f({{0, true, at_us(210), 3}, {0, true, at_us(250), 4}, {0, true, at_us(251), 5}}, 300, true) ==
        Changes{{0, true, at_us(210)}});
}

TEST_CASE("an edge whose direction contradicts the level is overruled by it") {
  Folding f;
  CHECK(f({{0, true, at_us(110), 1}}, 200, false) == Changes{{0, true, at_us(110)}, {0, false, at_us(200)}});
  // The edge that made it low comes with the next reading; it is in the level already.
  CHECK(f({{0, false, at_us(190), 2}}, 300, false).empty());
}

TEST_CASE("a late edge from before the last reading changes nothing") {
  Folding f;
  CHECK(f({}, 200, true) == Changes{{0, true, at_us(200)}});
  CHECK(f({{0, true, at_us(150), 1}, {0, false, at_us(160), 2}, {0, true, at_us(170), 3}}, 300, true).empty());
}

TEST_CASE("dropped edges are counted, and the level makes up for them") {
  Folding f;
  CHECK(f({{0, true, at_us(110), 1}}, 120, true).size() == 1);
  const auto changes = f({{0, true, at_us(150), 5}}, 200, false);
  CHECK(changes == Changes{{0, false, at_us(200)}});
  CHECK(f.fold.lost_edges() == 3);
}

TEST_CASE("the kernel's counter wraps without a gap") {
  Folding f;
  (void)f({{0, true, at_us(110), 0xFFFFFFFFU}}, 120, true);
  const auto lost = f.fold.lost_edges();
  (void)f({{0, false, at_us(130), 0}}, 140, false);
  CHECK(f.fold.lost_edges() == lost);
}

TEST_CASE("whatever the edges say, levels told alternate, times never go back, and the last one told is the level") {
  rc::check([] {
    EdgeFold fold{3};
    std::vector<int> told(3, -1);
    MonoTime last_at{};
    int now_us = 1000;
    const auto rounds = *rc::gen::inRange(1, 8);
    for (int round = 0; round < rounds; ++round) {
      std::vector<LineEdge> edges;
      const auto count = *rc::gen::inRange(0, 12);
      for (int i = 0; i < count; ++i) {
        edges.push_back({static_cast<PortIndex>(*rc::gen::inRange(0, 3)), *rc::gen::arbitrary<bool>(),
                         at_us(now_us + *rc::gen::inRange(-200, 120)), *rc::gen::arbitrary<std::uint32_t>()});
      }
      now_us += 100;
      const std::vector<bool> levels{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                                     *rc::gen::arbitrary<bool>()};
      for (const auto& change : fold.fold(edges, at_us(now_us), levels)) {
        RC_ASSERT(told[change.input] != static_cast<int>(change.high));
        RC_ASSERT(change.at >= last_at);
        RC_ASSERT(change.at <= at_us(now_us));
        told[change.input] = change.high;
        last_at = change.at;
      }
      for (std::size_t i = 0; i < 3; ++i) RC_ASSERT(told[i] == static_cast<int>(levels[i]));
    }
  });
}

}  // namespace
}  // namespace exitgate::hal
