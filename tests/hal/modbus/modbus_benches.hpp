// The contract benches of both Modbus drivers.
#pragma once

#include "contract/digital_device_bench.hpp"
#include "hal/modbus/modbus_bus.hpp"
#include "loop_turner.hpp"
#include "peer.hpp"

namespace exitgate::hal {

/// Two ranges of discrete inputs and a coil read as an input; outputs with and without neighbours.
inline ModbusUnit bench_unit() {
  ModbusUnit unit;
  unit.name = "io1";
  unit.unit = 3;
  unit.response = milliseconds{400};  // a test machine may be busy
  unit.inputs = {
      {BitTable::kDiscrete, 4}, {BitTable::kDiscrete, 0}, {BitTable::kDiscrete, 300}, {BitTable::kCoil, 500}};
  unit.output_coils = {8, 9, 10, 200};
  return unit;
}

class ModbusBench : public DigitalDeviceBench {
 public:
  DigitalDevice& device() override { return bus_->device(0); }
  PortIndex input_count() const override { return 4; }
  PortIndex output_count() const override { return 4; }
  Duration poll_bound() const override { return milliseconds{200}; }
  void set_input(PortIndex input, bool high) override {
    const auto point = unit_.inputs.at(input);
    if (point.table == BitTable::kCoil) return model_.set_coil(unit_.unit, point.address, high);
    model_.set_input(unit_.unit, point.address, high);
  }
  bool output(PortIndex output) const override { return model_.coil(unit_.unit, unit_.output_coils.at(output)); }
  bool force_output(PortIndex output, bool high) override {
    model_.set_coil(unit_.unit, unit_.output_coils.at(output), high);
    return true;
  }
  bool can_vanish() const override { return true; }
  bool run_until(const std::function<bool()>& condition, Duration bound) override {
    return loop_.until(condition, bound);
  }

 protected:
  ModbusBench() { model_.behave(unit_.unit, {}); }

  ModbusUnit unit_ = bench_unit();
  PeerModel model_;
  LoopTurner loop_;
  std::unique_ptr<ModbusBus> bus_;
};

class ModbusTcpBench final : public ModbusBench {
 public:
  ModbusTcpBench() { bus_ = ModbusBus::open_tcp(loop_.context(), {"127.0.0.1", peer_.port()}, {unit_}).value(); }
  ~ModbusTcpBench() override { bus_.reset(); }
  void vanish() override { peer_.die(); }
  void restore() override { peer_.revive(); }

 private:
  TcpPeer peer_{model_};
};

class ModbusRtuBench final : public ModbusBench {
 public:
  ModbusRtuBench() { bus_ = ModbusBus::open_rtu(loop_.context(), {peer_.path(), 115200, 'E', 1, {}}, {unit_}).value(); }
  ~ModbusRtuBench() override { bus_.reset(); }
  void vanish() override {
    Behaviour gone;
    gone.absent = true;
    model_.behave(unit_.unit, gone);
  }
  void restore() override { model_.behave(unit_.unit, {}); }

 private:
  RtuPeer peer_{model_};
};

}  // namespace exitgate::hal
