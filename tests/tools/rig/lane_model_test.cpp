#include "tools/rig/lane_model.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::rig;
using std::chrono::seconds;

namespace {

/// A lane under virtual time, with a toy gate: closed until `open` is set.
struct Lane {
  LaneModel model;
  MonoTime now{};
  bool open = false;
  bool red = false;
  int exit_blockages = 0;
  bool exit_was = false;

  template <class Until>
  bool run(Until until, Duration at_most = seconds{60}) {
    for (const MonoTime end = now + at_most; now < end; now += milliseconds{10}) {
      const LaneSignals signals = model.step({.coil_closes = !open}, {.red = red}, now);
      if (signals.exit && !exit_was) ++exit_blockages;
      exit_was = signals.exit;
      if (until(signals)) return true;
    }
    return false;
  }
  void run_for(Duration length) {
    run([](const LaneSignals&) { return false; }, length);
  }
  const Walker& walker(std::size_t index) const { return model.walkers().at(index); }
};

}  // namespace

TEST_CASE("a person stops before the closed barrier, blocks only the approach eye, and walks on when it opens") {
  Lane lane;
  lane.run_for(seconds{2});
  lane.model.enter(person("Anna"), lane.now);
  REQUIRE(lane.run([](const LaneSignals& s) { return s.approach; }));
  lane.run_for(seconds{5});
  CHECK(lane.model.signals().approach);
  CHECK_FALSE(lane.model.signals().safety);
  CHECK_FALSE(lane.walker(0).through_at);
  lane.open = true;
  REQUIRE(lane.run([](const LaneSignals& s) { return s.safety; }));
  REQUIRE(lane.run([](const LaneSignals& s) { return s.exit; }));
  REQUIRE(lane.run([](const LaneSignals& s) { return !s.exit && !s.safety && !s.approach; }));
  CHECK(lane.walker(0).through_at);
  CHECK(lane.exit_blockages == 1);
  CHECK(lane.walker(0).longest_wait > seconds{4});
}

TEST_CASE("a cart and its pusher block the exit eye twice, less than the join gap apart") {
  Lane lane;
  lane.open = true;
  lane.model.enter(cart_with_pusher("Carla"), lane.now);
  REQUIRE(lane.run([](const LaneSignals& s) { return s.exit; }));
  REQUIRE(lane.run([](const LaneSignals& s) { return !s.exit; }));
  const MonoTime cart_left = lane.now;
  REQUIRE(lane.run([](const LaneSignals& s) { return s.exit; }));
  CHECK(lane.now - cart_left < milliseconds{500});
  REQUIRE(lane.run([](const LaneSignals& s) { return !s.exit && !s.safety; }));
  CHECK(lane.exit_blockages == 2);
}

TEST_CASE("a group of three is three blockages of the exit eye, each longer apart than a walkout's join gap") {
  Lane lane;
  lane.open = true;
  for (int i = 0; i < 3; ++i) lane.model.enter(person("group"), lane.now);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(lane.run([](const LaneSignals& s) { return s.exit; }));
    REQUIRE(lane.run([](const LaneSignals& s) { return !s.exit; }));
    const MonoTime cleared = lane.now;
    REQUIRE(lane.run([](const LaneSignals& s) { return s.exit; }));
    CHECK(lane.now - cleared > milliseconds{200});
  }
  lane.run_for(seconds{5});
  CHECK(lane.exit_blockages == 3);
}

TEST_CASE("who waits before a red lamp and a closed barrier is noted as refused, and turns back when patience ends") {
  Lane lane;
  lane.red = true;
  lane.run_for(seconds{2});
  WalkerSpec spec = person("Peter");
  spec.patience = seconds{3};
  lane.model.enter(spec, lane.now);
  REQUIRE(lane.run([&](const LaneSignals&) { return lane.walker(0).gone; }));
  CHECK(lane.walker(0).red_while_waiting);
  CHECK(lane.walker(0).turned_back);
  CHECK_FALSE(lane.walker(0).through_at);
  CHECK(lane.exit_blockages == 0);
  CHECK(lane.model.empty());
}

TEST_CASE("somebody who comes in from outside blocks exit, then safety, then approach") {
  Lane lane;
  lane.model.enter(person_coming_in("Wim"), lane.now);
  lane.run_for(seconds{10});
  CHECK_FALSE(lane.walker(0).through_at);
  lane.open = true;
  REQUIRE(lane.run([](const LaneSignals& s) { return s.exit; }));
  CHECK_FALSE(lane.model.signals().safety);
  REQUIRE(lane.run([](const LaneSignals& s) { return s.safety; }));
  CHECK_FALSE(lane.model.signals().approach);
  REQUIRE(lane.run([](const LaneSignals& s) { return s.approach; }));
  REQUIRE(lane.run([&](const LaneSignals&) { return lane.walker(0).gone; }));
  CHECK(lane.walker(0).through_at);
}

TEST_CASE("an arm in the closing barrier blocks safety until it is withdrawn, and sees the barrier give way") {
  Lane lane;
  lane.open = true;
  lane.run_for(seconds{1});
  lane.model.reach_in("Otto", milliseconds{1200});
  lane.open = false;
  REQUIRE(lane.run([](const LaneSignals& s) { return s.safety; }));
  CHECK_FALSE(lane.model.signals().exit);
  lane.open = true;
  REQUIRE(lane.run([](const LaneSignals& s) { return !s.safety; }));
  CHECK(lane.model.reaches().at(0).ended);
  CHECK(lane.model.reaches().at(0).reopened);
  CHECK(lane.model.struck() == 0);
}

TEST_CASE("a barrier that closes on somebody is counted as a strike, once") {
  Lane lane;
  lane.open = true;
  WalkerSpec slow = person("Senta");
  slow.speed_mps = 0.1;
  slow.start_m = 0;
  lane.model.enter(slow, lane.now);
  lane.run_for(milliseconds{500});
  lane.open = false;
  lane.run_for(seconds{2});
  CHECK(lane.model.struck() == 1);
}

TEST_CASE("a tailgater follows close behind through the open barrier") {
  Lane lane;
  lane.open = true;
  lane.model.enter(person("Anna"), lane.now);
  WalkerSpec follower = person("Tom");
  follower.gap_m = 0.5;
  lane.model.enter(follower, lane.now);
  lane.run_for(seconds{15});
  REQUIRE(lane.walker(0).through_at);
  REQUIRE(lane.walker(1).through_at);
  CHECK(*lane.walker(1).through_at - *lane.walker(0).through_at < seconds{1});
  CHECK(lane.model.empty());
}
