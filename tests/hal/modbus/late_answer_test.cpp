// What comes too late, in pieces, damaged or twice must never be taken for the answer to something else.
#include <catch2/catch_test_macros.hpp>

#include "running_bus.hpp"

namespace exitgate::hal {
namespace {

/// Toggles the input many times; each level must be what the device tells next, never the one before.
void check_levels_are_current(Running& running, int unit, RecordedDevice& seen) {
  for (int i = 0; i < 10; ++i) {
    const bool high = i % 2 == 0;
    running.model.set_input(unit, 0, high);
    const int polls = seen.polls;
    // The poll in flight may still tell the old level; the two after it may not.
    REQUIRE(running.loop.until([&] { return seen.polls >= polls + 3; }));
    CHECK(seen.reads(0, high));
  }
}

TEST_CASE("rtu: after an answer that was too late, levels are current again and not those of the request before") {
  for (const int late_ms : {250, 450, 700}) {  // while silent, after the flush, and while the next answer is awaited
    RunningRtu running({one_input_unit(1, milliseconds{200})});
    auto& seen = running.seen[0];
    running.model.set_input(1, 0, false);
    running.behave(1, [&](auto& how) { how.delay_once = milliseconds{late_ms}; });
    REQUIRE(running.loop.until([&] { return seen.downs == 1; }));
    CHECK(seen.last_error.code == "modbus_timeout");
    running.model.set_input(1, 0, true);
    REQUIRE(running.loop.until([&] { return seen.up; }));
    REQUIRE(running.loop.until([&] { return seen.polls_since_up > 0; }));
    INFO(late_ms << " ms late");
    CHECK(seen.levels.at(0));
    check_levels_are_current(running, 1, seen);
    CHECK(seen.downs == 1);
  }
}

TEST_CASE("tcp: after an answer that was too late the connection is a new one and levels are current") {
  RunningTcp running({one_input_unit(1, milliseconds{200})});
  auto& seen = running.seen[0];
  running.behave(1, [&](auto& how) { how.delay_once = milliseconds{350}; });
  REQUIRE(running.loop.until([&] { return seen.downs == 1; }));
  CHECK(seen.last_error.code == "modbus_timeout");
  running.model.set_input(1, 0, true);
  REQUIRE(running.loop.until([&] { return seen.up && seen.polls_since_up > 0; }));
  CHECK(seen.levels.at(0));
  CHECK(running.peer.connections_made() == 2);
  CHECK(running.peer.connections_open() == 1);
  check_levels_are_current(running, 1, seen);
}

TEST_CASE("tcp: an answer with another transaction number closes the connection") {
  RunningTcp running({one_input_unit(1, milliseconds{200})});
  running.behave(1, [&](auto& how) { how.damage_once = 1; });
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  CHECK(running.seen[0].last_error.code == "modbus_bad_answer");
  REQUIRE(running.loop.until([&] { return running.seen[0].ups == 2; }));
  CHECK(running.peer.connections_made() == 2);
}

TEST_CASE("tcp: bytes that nobody asked for close the connection before they are taken for an answer") {
  RunningTcp running({one_input_unit(1, milliseconds{200})});
  running.behave(1, [&](auto& how) { how.then_sends = {0, 1, 0, 0, 0, 4, 1, 2, 1, 1}; });
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  CHECK(running.seen[0].last_error.code == "modbus_late_answer");
  CHECK_FALSE(running.seen[0].levels.at(0));
}

TEST_CASE("rtu: a second answer that nobody asked for is noticed and not believed") {
  RunningRtu running({one_input_unit(1, milliseconds{200})});
  Frame high{1, 2, 1, 1};
  const auto crc = crc16(high, high.size());
  high.push_back(static_cast<std::uint8_t>(crc & 0xff));
  high.push_back(static_cast<std::uint8_t>(crc >> 8));
  running.peer.babble(high);
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  REQUIRE(running.loop.until([&] { return running.seen[0].ups == 2 && running.seen[0].polls_since_up > 3; }));
  check_levels_are_current(running, 1, running.seen[0]);
}

TEST_CASE("rtu: a stray byte between two exchanges does not take the unit down") {
  RunningRtu running({one_input_unit(1, milliseconds{500})});
  auto& seen = running.seen[0];
  int survived = 0;
  for (int i = 0; i < 20; ++i) {
    const int downs = seen.downs;
    running.behave(1, [&](auto& how) { how.then_sends = {0}; });  // as a line driver does when it lets go
    const int polls = seen.polls;
    REQUIRE(running.loop.until([&] { return seen.polls > polls + 2 || seen.downs > downs; }));
    if (seen.downs == downs) ++survived;
    running.behave(1, [](auto&) {});
    REQUIRE(running.loop.until([&] { return seen.up && seen.polls_since_up > 1; }));
  }
  CHECK(survived == 20);
}

TEST_CASE("rtu: an answer with a wrong check sum is no answer") {
  RunningRtu running({one_input_unit(1, milliseconds{200})});
  running.behave(1, [&](auto& how) { how.damage_once = 1; });
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  CHECK(running.seen[0].last_error.code == "modbus_bad_answer");
  REQUIRE(running.loop.until([&] { return running.seen[0].ups == 2; }));
}

TEST_CASE("rtu: an answer in another unit's name is no answer") {
  RunningRtu running({one_input_unit(1, milliseconds{200})});
  running.behave(1, [&](auto& how) { how.wrong_unit = true; });
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  CHECK(running.seen[0].last_error.code == "modbus_foreign_answer");
}

/// Each byte comes soon after the last, the whole answer much too late.
template <class Line>
void check_trickle() {
  Line running({one_input_unit(1, milliseconds{200})});
  const MonoTime from = test_now();
  running.behave(1, [&](auto& how) { how.trickle = milliseconds{200}; });
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  CHECK(running.seen[0].last_error.code == "modbus_timeout");
  CHECK(test_now() - from < milliseconds{900});  // the answer would take 1 s and more
  running.behave(1, [](auto&) {});
  REQUIRE(running.loop.until([&] { return running.seen[0].ups == 2; }));
}

TEST_CASE("tcp: an answer in trickled bytes is bounded by the response time") { check_trickle<RunningTcp>(); }
TEST_CASE("rtu: an answer in trickled bytes is bounded by the response time") { check_trickle<RunningRtu>(); }

TEST_CASE("rtu: a unit that falls silent leaves the other unit of the wire up") {
  RunningRtu running({one_input_unit(1, milliseconds{150}), one_input_unit(2, milliseconds{150})});
  running.behave(2, [](auto& how) { how.absent = true; });
  REQUIRE(running.loop.until([&] { return running.seen[1].downs == 1; }));
  const int polls = running.seen[0].polls;
  running.loop.run_for(milliseconds{1000});
  CHECK(running.seen[0].polls > polls + 30);
  CHECK(running.seen[0].downs == 0);
  running.behave(2, [](auto&) {});
  REQUIRE(running.loop.until([&] { return running.seen[1].ups == 2; }));
}

}  // namespace
}  // namespace exitgate::hal
