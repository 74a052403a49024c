#include <rapidcheck.h>
#include <catch2/catch_test_macros.hpp>

#include "hal/modbus/bus_schedule.hpp"
#include "virtual_bus.hpp"

namespace exitgate::hal {
namespace {

constexpr RtuLine kLine{19200, 11};

std::vector<std::int64_t> gaps_ms(const std::vector<MonoTime>& times) {
  std::vector<std::int64_t> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) gaps.push_back(to_ms(times[i] - times[i - 1]));
  return gaps;
}

TEST_CASE("a host that refuses connections is tried after 0.1 s, doubling to 2 s, and told as down once") {
  VirtualBus bus({}, {virtual_unit(1), virtual_unit(2)});
  bus.open = [] { return Status(fail("modbus_connect", "refused")); };
  bus.run_for(milliseconds{8000});
  CHECK(gaps_ms(bus.opens) == std::vector<std::int64_t>{100, 200, 400, 800, 1600, 2000, 2000});
  CHECK(bus.downs(0) == 1);
  CHECK(bus.downs(1) == 1);
}

TEST_CASE("a connection is closed after any fault and the unit tried again with growing pauses") {
  VirtualBus bus({}, {virtual_unit(1)});
  bus.module = [](const Ask& ask, MonoTime) { return fault(ask, Fault::kBadAnswer); };
  bus.run_for(milliseconds{8000});
  CHECK(gaps_ms(bus.opens) == std::vector<std::int64_t>{101, 201, 401, 801, 1601, 2001, 2001});
  CHECK(bus.downs(0) == 1);
}

TEST_CASE("a server that returns is up with its next attempt, and the pauses begin anew") {
  VirtualBus bus({}, {virtual_unit(1)});
  bool dead = true;
  bus.open = [&] { return dead ? Status(fail("modbus_connect", "refused")) : Status{}; };
  bus.run_for(milliseconds{8000});
  dead = false;
  CHECK(bus.run_until([&] { return bus.up(0); }, milliseconds{2100}));
  dead = true;
  bus.module = [](const Ask& ask, MonoTime) { return fault(ask, Fault::kClosed); };
  REQUIRE(bus.run_until([&] { return !bus.up(0); }));
  bus.opens.clear();
  bus.run_for(milliseconds{1000});
  CHECK(bus.opens.size() >= 3);
}

TEST_CASE(
    "after a fault on a wire it is silent for the longest answer, flushed, and the first answer is not believed") {
  VirtualBus bus({kLine}, {virtual_unit(1)});
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  int answers = 0;
  bool fail_next = true;
  bus.module = [&](const Ask& ask, MonoTime) {
    if (std::exchange(fail_next, false)) return fault(ask, Fault::kTimeout);
    auto answer = all_low(ask);
    if (++answers == 1) (*answer.reply)[0] = 1;  // the late answer, with what was true then
    return answer;
  };
  bus.asked.clear();
  bus.flushes.clear();
  REQUIRE(bus.run_until([&] { return !bus.up(0); }));
  const MonoTime failed_at = bus.now;
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  REQUIRE(bus.asked.size() == 3);  // the failed one, the one not believed, the one that brings it up
  CHECK(bus.asked[1].at - failed_at >= milliseconds{100});
  REQUIRE(bus.flushes.size() == 1);
  CHECK(bus.flushes[0] - failed_at >= milliseconds{100});
  CHECK(bus.flushes[0] <= bus.asked[1].at);
  CHECK(bus.asked[2].at - bus.asked[1].at >= milliseconds{100});
}

TEST_CASE("a port that was just opened is silent first: the process before may have asked") {
  VirtualBus bus({kLine}, {virtual_unit(1)});
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  CHECK(bus.asked[0].at - bus.opens[0] >= milliseconds{100});
  CHECK(bus.flushes.size() == 1);
}

TEST_CASE("a dead unit does not make the others of its wire stale") {
  VirtualBus bus({kLine}, {virtual_unit(1), virtual_unit(2)});
  bool dead = false;
  bus.module = [&](const Ask& ask, MonoTime) {
    return dead && ask.unit == 1 ? fault(ask, Fault::kTimeout) : on_wire(kLine, ask);
  };
  REQUIRE(bus.run_until([&] { return bus.up(0) && bus.up(1); }));
  dead = true;
  REQUIRE(bus.run_until([&] { return !bus.up(1); }));
  bus.run_for(milliseconds{200});
  bus.forget_gaps();
  bus.run_for(milliseconds{60000});
  CHECK(bus.up(0));
  CHECK(bus.longest_gap(0) < milliseconds{100});
  dead = false;
  CHECK(bus.run_until([&] { return bus.up(1); }, milliseconds{2500}));
  CHECK(bus.longest_gap(0) < milliseconds{100});
}

TEST_CASE("a dead unit is tried though the wire never has nothing to do") {
  VirtualBus bus({kLine}, {virtual_unit(1), virtual_unit(2), virtual_unit(3)});
  bus.module = [&](const Ask& ask, MonoTime) {
    return ask.unit == 2 ? fault(ask, Fault::kTimeout) : on_wire(kLine, ask);
  };
  bus.run_for(milliseconds{30000});
  const auto tries = std::count_if(bus.asked.begin(), bus.asked.end(), [](const auto& a) { return a.ask.unit == 2; });
  CHECK(tries >= 14);
}

/// A unit that answers after `time`; an answer that was not waited for lies on the wire and disturbs what comes next.
struct SlowUnit {
  Duration time;
  MonoTime late_at = kNever;

  VirtualAnswer ask(const Ask& asked, MonoTime now, std::size_t slow) {
    if (late_at <= now) return fault(asked, Fault::kLateBytes);
    if (asked.unit != slow) {
      auto answer = on_wire(kLine, asked);
      if (late_at <= now + answer.took) {
        late_at = kNever;
        return fault(asked, Fault::kForeignAnswer);
      }
      return answer;
    }
    const Duration needed = time + exchange_time(kLine, asked.request) - 2 * frame_silence(kLine);
    if (needed <= asked.timeout) return {all_low(asked).reply, needed};
    late_at = now + needed;
    return fault(asked, Fault::kTimeout);
  }
  std::size_t flush(MonoTime now) {
    if (late_at > now) return 0;
    late_at = kNever;
    return 7;
  }
};

TEST_CASE("a slow unit that was lost comes back although others of its wire are up") {
  for (const int ms : {25, 35, 50, 80, 95}) {
    VirtualBus bus({kLine}, {virtual_unit(1), virtual_unit(2)});
    SlowUnit slow{milliseconds{ms}};
    bool dead = false;
    bus.module = [&](const Ask& ask, MonoTime now) {
      return dead && ask.unit == 1 ? fault(ask, Fault::kTimeout) : slow.ask(ask, now, 1);
    };
    bus.flush = [&](MonoTime now) { return slow.flush(now); };
    REQUIRE(bus.run_until([&] { return bus.up(0) && bus.up(1); }));
    dead = true;
    REQUIRE(bus.run_until([&] { return !bus.up(1); }));
    bus.run_for(milliseconds{5000});
    dead = false;
    INFO(ms << " ms");
    CHECK(bus.run_until([&] { return bus.up(1); }, milliseconds{15000}));
    CHECK(bus.downs(0) == 0);
  }
}

TEST_CASE("bytes nobody asked for, while all units are up, take down the unit asked and the one asked before") {
  VirtualBus bus({kLine}, {virtual_unit(1), virtual_unit(2), virtual_unit(3)});
  bus.module = [&](const Ask& ask, MonoTime) { return on_wire(kLine, ask); };
  REQUIRE(bus.run_until([&] { return bus.up(0) && bus.up(1) && bus.up(2); }));
  std::optional<std::size_t> hit;
  bus.module = [&](const Ask& ask, MonoTime) {
    if (hit) return on_wire(kLine, ask);
    hit = ask.unit;
    return fault(ask, Fault::kLateBytes);
  };
  REQUIRE(bus.run_until([&] { return hit.has_value(); }));
  CHECK_FALSE(bus.up(*hit));
  CHECK(bus.downs(0) + bus.downs(1) + bus.downs(2) == 2);
  CHECK(bus.errors.at(0).code == "modbus_late_answer");
  CHECK(bus.run_until([&] { return bus.up(0) && bus.up(1) && bus.up(2); }, milliseconds{3000}));
}

TEST_CASE("a wire that is never silent loses its units instead of hanging") {
  VirtualBus bus({kLine}, {virtual_unit(1)});
  bus.flush = [](MonoTime) { return std::size_t{10}; };
  bus.run_for(milliseconds{5000});
  CHECK(bus.downs(0) == 1);
  CHECK(bus.errors.at(0).code == "modbus_noise");
  bus.flush = [](MonoTime) { return std::size_t{0}; };
  CHECK(bus.run_until([&] { return bus.up(0); }, milliseconds{1000}));
}

TEST_CASE("a port that is pulled out takes all its units down and is opened again") {
  VirtualBus bus({kLine}, {virtual_unit(1), virtual_unit(2)});
  REQUIRE(bus.run_until([&] { return bus.up(0) && bus.up(1); }));
  bool pulled = true;
  bus.module = [&](const Ask& ask, MonoTime) { return pulled ? fault(ask, Fault::kClosed) : all_low(ask); };
  bus.open = [&] { return pulled ? Status(fail("modbus_open", "gone")) : Status{}; };
  REQUIRE(bus.run_until([&] { return !bus.up(0) && !bus.up(1); }));
  bus.run_for(milliseconds{10000});
  pulled = false;
  CHECK(bus.run_until([&] { return bus.up(0) && bus.up(1); }, milliseconds{3000}));
  CHECK(bus.downs(0) == 1);
  CHECK(bus.downs(1) == 1);
}

TEST_CASE("a unit that is stopped is not asked any more") {
  VirtualBus bus({kLine}, {virtual_unit(1), virtual_unit(2)});
  REQUIRE(bus.run_until([&] { return bus.up(0) && bus.up(1); }));
  bus.schedule.stop_unit(1);
  bus.asked.clear();
  bus.run_for(milliseconds{500});
  for (const auto& asked : bus.asked) CHECK(asked.ask.unit == 0);
  bus.schedule.stop_unit(0);
  CHECK(bus.schedule.idle());
  CHECK(std::get<WaitUntil>(bus.schedule.next(bus.now)).time == kNever);
}

TEST_CASE("whatever a line does, units tell in order, writes go only to units that are up, and calm brings all up") {
  rc::check([](bool is_serial, const std::vector<std::uint8_t>& storm) {
    const BusTraits traits = is_serial ? BusTraits{kLine} : BusTraits{};
    VirtualBus bus(traits, {virtual_unit(1), virtual_unit(2), virtual_unit(3)});
    std::size_t next = 0;
    const auto draw = [&] { return next < storm.size() ? storm[next++] : std::uint8_t{0}; };
    bool written_while_down = false;
    bus.module = [&](const Ask& ask, MonoTime) {
      written_while_down = written_while_down || (ask.work == Work::kWrite && !bus.up(ask.unit));
      const int kind = draw() % 12;
      if (kind > 5) return on_wire(kLine, ask);
      if (kind == 5) return fault(ask, Fault::kException, 1 + draw() % 11);
      return fault(ask, static_cast<Fault>(kind == 4 ? 5 : kind));
    };
    bus.open = [&] { return draw() % 4 == 1 ? Status(fail("modbus_connect", "storm")) : Status{}; };
    bus.flush = [&](MonoTime) { return std::size_t{draw() % 3 == 1 ? 5U : 0U}; };
    while (next < storm.size()) {
      for (std::size_t unit = 0; unit < 3; ++unit) bus.write(unit, static_cast<PortIndex>(draw() % 8), draw() % 2 == 0);
      bus.run_for(milliseconds{50});
    }
    bus.module = [](const Ask& ask, MonoTime) { return on_wire(kLine, ask); };
    RC_ASSERT(bus.run_until([&] { return bus.up(0) && bus.up(1) && bus.up(2); }, milliseconds{10000}));
    RC_ASSERT(!written_while_down);
    RC_ASSERT(!bus.told_while_down);
    RC_ASSERT(!bus.first_poll_incomplete);
  });
}

}  // namespace
}  // namespace exitgate::hal
