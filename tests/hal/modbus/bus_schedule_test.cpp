#include "hal/modbus/bus_schedule.hpp"

#include <catch2/catch_test_macros.hpp>

#include "virtual_bus.hpp"

namespace exitgate::hal {
namespace {

constexpr RtuLine kLine{19200, 11};

BusTraits serial() { return {kLine}; }

/// Coils that keep what is written, behind a wire of kLine.
struct Coils {
  std::map<int, std::uint8_t> level;
  VirtualAnswer operator()(const Ask& ask) {
    auto answer = on_wire(kLine, ask);
    for (int i = 0; i < ask.request.count; ++i) {
      const int address = ask.request.first + i;
      if (ask.work == Work::kWrite) level[address] = ask.request.levels[static_cast<std::size_t>(i)];
      if (ask.request.function == Function::kReadCoils) (*answer.reply)[static_cast<std::size_t>(i)] = level[address];
    }
    return answer;
  }
};

TEST_CASE("a connection that works is asked at exactly the poll period") {
  VirtualBus bus({}, {virtual_unit(1)});
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  const int polls = bus.polls(0);
  bus.run_for(milliseconds{1000});
  CHECK(bus.polls(0) - polls == 100);
  CHECK(bus.longest_gap(0) == milliseconds{10});
}

TEST_CASE("a write goes before polls that are due, and its read-back follows") {
  VirtualBus bus(serial(), {virtual_unit(1), virtual_unit(2), virtual_unit(3)});
  Coils coils;
  bus.module = [&](const Ask& ask, MonoTime) { return coils(ask); };
  REQUIRE(bus.run_until([&] { return bus.up(0) && bus.up(1) && bus.up(2); }));
  bus.run_for(milliseconds{500});  // 19200 baud can't keep three polls in 10 ms: some are always due
  bus.asked.clear();
  bus.write(1, 3, true);
  REQUIRE(bus.run_until([&] { return bus.writes.size() == 1; }));
  REQUIRE(bus.asked.size() >= 2);
  std::size_t at = bus.asked[0].ask.work == Work::kWrite ? 0 : 1;  // an overdue poll may go before
  CHECK(bus.asked[at].ask.request == Request{Function::kWriteCoil, 30, 1, {1}});
  CHECK(bus.asked.back().ask.request == Request{Function::kReadCoils, 30, 1, {}});
  CHECK(bus.asked.size() <= at + 3);
  CHECK(bus.writes[0].status.has_value());
}

TEST_CASE("a write on an idle bus goes out at once") {
  VirtualBus bus({}, {virtual_unit(1)});
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  bus.run_for(milliseconds{5});
  REQUIRE(std::holds_alternative<WaitUntil>(bus.schedule.next(bus.now)));
  bus.write(0, 0, true);
  const auto action = bus.schedule.next(bus.now);
  REQUIRE(std::holds_alternative<Ask>(action));
  CHECK(std::get<Ask>(action).work == Work::kWrite);
}

TEST_CASE("a write that reads back otherwise is told as not verified, naming unit and coil") {
  VirtualBus bus({}, {virtual_unit(7)});  // its coils stay low
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  bus.write(0, 2, true);
  REQUIRE(bus.run_until([&] { return bus.writes.size() == 1; }));
  REQUIRE_FALSE(bus.writes[0].status.has_value());
  CHECK(bus.writes[0].status.error().code == "modbus_write_not_verified");
  CHECK(bus.writes[0].status.error().message.find("unit 7: coil 20 reads back off after it was written on") !=
        std::string::npos);
  CHECK(bus.up(0));
}

TEST_CASE("only the end of the newest write to an output is told") {
  VirtualBus bus({}, {virtual_unit(1)});
  Coils coils;
  bool rewritten = false;
  bus.module = [&](const Ask& ask, MonoTime) {
    if (ask.work == Work::kVerify && !std::exchange(rewritten, true)) bus.write(0, 0, false);
    return coils(ask);
  };
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  bus.write(0, 0, true);
  bus.run_for(milliseconds{500});
  REQUIRE(bus.writes.size() == 1);
  CHECK(bus.writes[0].level == OutputLevel{0, false});
  CHECK(coils.level[0] == 0);
}

TEST_CASE("a module without FC 15 gets its coils one by one") {
  VirtualBus bus({}, {virtual_unit(1, {4, 5, 6})});
  Coils coils;
  bus.module = [&](const Ask& ask, MonoTime) {
    return ask.request.function == Function::kWriteCoils ? fault(ask, Fault::kException, 1) : coils(ask);
  };
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  for (PortIndex i = 0; i < 3; ++i) bus.write(0, i, true);
  REQUIRE(bus.run_until([&] { return bus.writes.size() == 3; }));
  for (const auto& write : bus.writes) CHECK(write.status.has_value());
  CHECK(coils.level == std::map<int, std::uint8_t>{{4, 1}, {5, 1}, {6, 1}});
  bus.asked.clear();
  bus.write(0, 0, false);
  bus.write(0, 1, false);
  REQUIRE(bus.run_until([&] { return bus.writes.size() == 5; }));
  for (const auto& asked : bus.asked) CHECK(asked.ask.request.function != Function::kWriteCoils);
}

TEST_CASE("units of one wire take turns") {
  VirtualBus bus(serial(), {virtual_unit(1), virtual_unit(2), virtual_unit(3)});
  bus.module = [&](const Ask& ask, MonoTime) { return on_wire(kLine, ask); };
  REQUIRE(bus.run_until([&] { return bus.up(0) && bus.up(1) && bus.up(2); }));
  const std::vector<int> before{bus.polls(0), bus.polls(1), bus.polls(2)};
  bus.run_for(milliseconds{10000});
  const int polls = bus.polls(0) - before[0];
  CHECK(polls > 200);
  CHECK(std::abs(bus.polls(1) - before[1] - polls) <= 1);
  CHECK(std::abs(bus.polls(2) - before[2] - polls) <= 1);
}

TEST_CASE("between two frames the wire is silent for three and a half characters") {
  VirtualBus bus(serial(), {virtual_unit(1)});
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  bus.write(0, 0, true);
  bus.run_for(milliseconds{200});
  for (std::size_t i = 1; i < bus.asked.size(); ++i) {
    CHECK(bus.asked[i].at - (bus.asked[i - 1].at + milliseconds{1}) >= frame_silence(kLine));
  }
}

TEST_CASE("a burst of writes on a slow wire neither starves the polls nor waits for more than one of them") {
  VirtualBus bus(serial(), {virtual_unit(1)});
  Coils coils;
  bus.module = [&](const Ask& ask, MonoTime) { return coils(ask); };
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  bus.forget_gaps();
  for (int round = 0; round < 20; ++round) {
    bus.asked.clear();
    for (PortIndex output = 0; output < 8; ++output) bus.write(0, output, round % 2 == 0);
    const auto ended = bus.writes.size() + 8;
    REQUIRE(bus.run_until([&] { return bus.writes.size() == ended; }));
    bool poll_before = false;
    for (const auto& asked : bus.asked) {
      const bool poll = asked.ask.work == Work::kPoll;
      CHECK_FALSE((poll && poll_before));
      poll_before = poll;
    }
    bus.run_for(milliseconds{300});
  }
  CHECK(bus.longest_gap(0) < milliseconds{100});
}

TEST_CASE("pending work of a unit that goes down is dropped, and a write made before the loss never goes out") {
  VirtualBus bus({}, {virtual_unit(1)});
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  const auto old_epoch = bus.epoch(0);
  bool dead = true;
  bus.module = [&](const Ask& ask, MonoTime) { return dead ? fault(ask, Fault::kTimeout) : all_low(ask); };
  bus.write(0, 0, true);
  bus.write(0, 1, true);
  REQUIRE(bus.run_until([&] { return !bus.up(0); }));
  dead = false;
  bus.asked.clear();
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  bus.schedule.write(0, old_epoch, 2, true);  // from a loop that has not heard of the loss
  bus.run_for(milliseconds{500});
  for (const auto& asked : bus.asked) CHECK(asked.ask.work == Work::kPoll);
  CHECK(bus.writes.empty());
}

TEST_CASE("an illegal address takes the unit down with an error that names unit, function and address") {
  VirtualBus bus({}, {virtual_unit(9)});
  bus.module = [](const Ask& ask, MonoTime) { return fault(ask, Fault::kException, 2); };
  bus.run_for(milliseconds{3000});
  REQUIRE(bus.errors.size() == 1);
  CHECK(bus.errors[0].code == "modbus_illegal_address");
  CHECK(bus.errors[0].message.find("io9: unit 9, FC2 (read discrete inputs) at 0–15") == 0);
  CHECK(bus.opens.size() == 1);  // an answer, so the connection stays
}

TEST_CASE("a refused write ends with the refusal and the unit stays up") {
  VirtualBus bus({}, {virtual_unit(9)});
  bus.module = [](const Ask& ask, MonoTime) {
    return ask.work == Work::kWrite ? fault(ask, Fault::kException, 2) : all_low(ask);
  };
  REQUIRE(bus.run_until([&] { return bus.up(0); }));
  bus.write(0, 7, true);
  REQUIRE(bus.run_until([&] { return bus.writes.size() == 1; }));
  CHECK(bus.writes[0].status.error().code == "modbus_illegal_address");
  CHECK(bus.writes[0].status.error().message.find("FC5 (write coil) at 70") != std::string::npos);
  CHECK(bus.up(0));
}

}  // namespace
}  // namespace exitgate::hal
