// A started driver with a far side that a test can make misbehave.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include "contract/recorded_device.hpp"
#include "hal/modbus/modbus_bus.hpp"
#include "loop_turner.hpp"
#include "peer.hpp"

namespace exitgate::hal {

inline ModbusUnit one_input_unit(int number, Duration response) {
  ModbusUnit unit;
  unit.name = "io" + std::to_string(number);
  unit.unit = number;
  unit.response = response;
  unit.inputs = {{BitTable::kDiscrete, 0}};
  unit.output_coils = {0};
  return unit;
}

/// A started bus whose far side is a model.
struct Running {
  explicit Running(std::vector<ModbusUnit> units) {
    for (const auto& unit : units) model.behave(unit.unit, {});
    seen.resize(units.size());
  }
  void start(Result<std::unique_ptr<ModbusBus>> opened) {
    REQUIRE(opened.has_value());
    bus = std::move(*opened);
    for (std::size_t i = 0; i < seen.size(); ++i) bus->device(i).start(seen[i]);
    for (auto& device : seen) REQUIRE(loop.until([&] { return device.up && device.polls > 1; }));
  }
  void behave(int unit, const std::function<void(Behaviour&)>& change) {
    Behaviour behaviour;
    change(behaviour);
    model.behave(unit, behaviour);
  }

  PeerModel model;
  LoopTurner loop;
  std::vector<RecordedDevice> seen;
  std::unique_ptr<ModbusBus> bus;
};

struct RunningTcp : Running {
  explicit RunningTcp(std::vector<ModbusUnit> units) : Running(units), peer(model) {
    start(ModbusBus::open_tcp(loop.context(), {"127.0.0.1", peer.port()}, std::move(units)));
  }
  ~RunningTcp() { bus.reset(); }
  TcpPeer peer;
};

struct RunningRtu : Running {
  explicit RunningRtu(std::vector<ModbusUnit> units) : Running(units), peer(model) {
    start(ModbusBus::open_rtu(loop.context(), {peer.path(), 115200, 'E', 1, {}}, std::move(units)));
  }
  ~RunningRtu() { bus.reset(); }
  RtuPeer peer;
};

}  // namespace exitgate::hal
