// Writes on the wire: what goes out, how soon, and that nothing is believed that was not read back.
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "running_bus.hpp"

namespace exitgate::hal {
namespace {

constexpr Duration kResponse = milliseconds{300};

ModbusUnit unit_with_coils(std::vector<int> coils) {
  auto unit = one_input_unit(1, kResponse);
  unit.output_coils = std::move(coils);
  return unit;
}

template <class Line>
void check_wrong_echo() {
  Line running({unit_with_coils({5})});
  running.behave(1, [](auto& how) { how.wrong_echo = true; });
  running.bus->device(0).write(0, true);
  REQUIRE(running.loop.until([&] { return running.seen[0].writes.size() == 1; }));
  const auto& status = running.seen[0].writes[0].status;
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == "modbus_write_not_verified");
  CHECK(status.error().message.find("coil 5") != std::string::npos);
}

TEST_CASE("tcp: a write whose echo names another coil and level is found out by reading back") {
  check_wrong_echo<RunningTcp>();
}
TEST_CASE("rtu: a write whose echo names another coil and level is found out by reading back") {
  check_wrong_echo<RunningRtu>();
}

TEST_CASE("a write that is confirmed but not carried out is told as not verified, and a later good one as good") {
  RunningTcp running({unit_with_coils({0, 1, 2})});
  running.behave(1, [](auto& how) { how.ignore_writes = true; });
  for (PortIndex i = 0; i < 3; ++i) running.bus->device(0).write(i, true);
  REQUIRE(running.loop.until([&] { return running.seen[0].writes.size() == 3; }));
  for (const auto& write : running.seen[0].writes) CHECK_FALSE(write.status.has_value());
  running.behave(1, [](auto&) {});
  running.bus->device(0).write(1, true);
  REQUIRE(running.loop.until([&] { return running.seen[0].writes.size() == 4; }));
  CHECK(running.seen[0].writes[3].status.has_value());
  CHECK(running.seen[0].downs == 0);
}

TEST_CASE("coils written together and lying together go out in one request and are read back in one") {
  RunningTcp running({unit_with_coils({0, 1, 2, 3})});
  running.behave(
      1, [](auto& how) { how.delay_once = milliseconds{50}; });  // a poll is under way while all four are queued
  const auto polls = running.model.count(1, 2);
  REQUIRE(running.loop.until([&] { return running.model.count(1, 2) > polls; }));
  running.model.forget_seen();
  for (PortIndex i = 0; i < 4; ++i) running.bus->device(0).write(i, i != 2);
  REQUIRE(running.loop.until([&] { return running.seen[0].writes.size() == 4; }));
  CHECK(running.model.count(1, 15) == 1);
  CHECK(running.model.count(1, 5) == 0);
  CHECK(running.model.count(1, 1) == 1);
  for (int coil = 0; coil < 4; ++coil) CHECK(running.model.coil(1, coil) == (coil != 2));
}

TEST_CASE("a module without FC 15 is written coil by coil") {
  RunningRtu running({unit_with_coils({0, 1, 2, 3})});
  running.behave(1, [](auto& how) { how.no_write_coils = true; });
  for (PortIndex i = 0; i < 4; ++i) running.bus->device(0).write(i, true);
  REQUIRE(running.loop.until([&] { return running.seen[0].writes.size() == 4; }));
  for (const auto& write : running.seen[0].writes) CHECK(write.status.has_value());
  for (int coil = 0; coil < 4; ++coil) CHECK(running.model.coil(1, coil));
}

TEST_CASE("a refused write names unit, function and address, and leaves the device up") {
  RunningTcp running({unit_with_coils({0, 900})});
  running.behave(1, [](auto& how) { how.points = 100; });
  running.bus->device(0).write(1, true);
  REQUIRE(running.loop.until([&] { return running.seen[0].writes.size() == 1; }));
  const auto& error = running.seen[0].writes[0].status.error();
  CHECK(error.code == "modbus_illegal_address");
  CHECK(error.message.find("io1: unit 1, FC5 (write coil) at 900") == 0);
  CHECK(running.seen[0].up);
  CHECK(running.peer.connections_made() == 1);
}

TEST_CASE("a write does not wait for the next poll") {
  auto unit = unit_with_coils({0});
  unit.poll = milliseconds{400};
  RunningTcp running({unit});
  std::vector<Duration> latencies;
  for (int i = 0; i < 50; ++i) {
    running.model.forget_seen();
    const MonoTime queued = test_now();
    const auto told = running.seen[0].writes.size();
    running.bus->device(0).write(0, i % 2 == 0);
    REQUIRE(running.loop.until([&] { return running.seen[0].writes.size() > told; }));
    for (const auto& request : running.model.seen()) {
      if (request.function == 5) latencies.push_back(request.at - queued);
    }
  }
  REQUIRE(latencies.size() == 50);
  std::sort(latencies.begin(), latencies.end());
  INFO("median " << latencies[25].count() << " us, longest " << latencies.back().count() << " us");
  CHECK(latencies[25] < milliseconds{5});  // tens of microseconds on an idle machine
}

TEST_CASE("the time of every answered request is told on the loop") {
  PeerModel model;
  model.behave(1, {});
  TcpPeer peer(model);
  LoopTurner loop;
  int told = 0;
  auto bus = ModbusBus::open_tcp(loop.context(), {"127.0.0.1", peer.port()}, {unit_with_coils({0})},
                                 [&](std::size_t device, Duration took) {
                                   CHECK(device == 0);
                                   CHECK(took > Duration{0});
                                   ++told;
                                 });
  REQUIRE(bus.has_value());
  RecordedDevice seen;
  (*bus)->device(0).start(seen);
  CHECK(loop.until([&] { return told >= 5; }));
}

TEST_CASE("an observer may write, stop and start from within a callback") {
  struct Busy final : DigitalDeviceObserver {
    DigitalDevice* device = nullptr;
    int ups = 0;
    void on_up(MonoTime) override {
      if (++ups == 1) device->write(0, true);
    }
    void on_down(MonoTime, const Error&) override {}
    void on_polled(MonoTime, std::span<const LevelChange>) override {}
    void on_outputs(MonoTime, std::span<const OutputLevel>) override {}
    void on_written(MonoTime, PortIndex, bool, const Status&) override {
      device->stop();
      device->start(*this);
    }
  };
  PeerModel model;
  model.behave(1, {});
  TcpPeer peer(model);
  LoopTurner loop;
  auto bus = ModbusBus::open_tcp(loop.context(), {"127.0.0.1", peer.port()}, {unit_with_coils({0})});
  REQUIRE(bus.has_value());
  Busy busy;
  busy.device = &(*bus)->device(0);
  busy.device->start(busy);
  CHECK(loop.until([&] { return busy.ups == 2; }));
  CHECK(model.coil(1, 0));
}

}  // namespace
}  // namespace exitgate::hal
