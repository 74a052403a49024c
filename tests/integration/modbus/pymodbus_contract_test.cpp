// The contract suite against modules played by pymodbus: over TCP, and over a serial line made of two pseudo-terminals.
#include <filesystem>
#include <memory>
#include <optional>
#include <tuple>

#include "child_program.hpp"
#include "contract/digital_device_bench.hpp"
#include "hal/modbus/loop_turner.hpp"
#include "hal/modbus/modbus_bus.hpp"
#include "integration/peers/temp_folder.hpp"

namespace exitgate::hal {

constexpr const char* kServer = EXITGATE_SOURCE_DIR "/tests/integration/peers/pymodbus_server.py";

class PymodbusBench : public DigitalDeviceBench {
 public:
  DigitalDevice& device() override { return bus_->device(0); }
  PortIndex input_count() const override { return 3; }
  PortIndex output_count() const override { return 4; }
  Duration poll_bound() const override { return milliseconds{500}; }
  void set_input(PortIndex input, bool high) override {
    levels_.at(input) = high;
    if (server_) (void)server_->ask("input " + std::to_string(unit_.inputs.at(input).address) + (high ? " 1" : " 0"));
  }
  bool output(PortIndex output) const override {
    return server_->ask("coil " + std::to_string(unit_.output_coils.at(output))) == "1";
  }
  bool force_output(PortIndex output, bool high) override {
    return server_->ask("force " + std::to_string(unit_.output_coils.at(output)) + (high ? " 1" : " 0")) == "ok";
  }
  bool can_vanish() const override { return true; }
  bool run_until(const std::function<bool()>& condition, Duration bound) override {
    return loop_.until(condition, bound);
  }

 protected:
  PymodbusBench() {
    unit_.name = "io1";
    unit_.unit = 3;
    unit_.response = milliseconds{500};
    unit_.inputs = {{BitTable::kDiscrete, 0}, {BitTable::kDiscrete, 1}, {BitTable::kDiscrete, 100}};
    unit_.output_coils = {0, 1, 2, 100};
  }
  void start_server(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"/usr/bin/python3", kServer});
    arguments.push_back("3");
    server_ = std::make_unique<ChildProgram>(std::move(arguments));
    port_ = std::stoi(server_->read_line().substr(std::string("ready ").size()));
    for (PortIndex i = 0; i < levels_.size(); ++i) set_input(i, levels_[i]);
  }

  ModbusUnit unit_;
  LoopTurner loop_;
  std::vector<bool> levels_ = std::vector<bool>(3);
  std::unique_ptr<ChildProgram> server_;
  int port_ = 0;
  std::unique_ptr<ModbusBus> bus_;
};

class PymodbusTcpBench final : public PymodbusBench {
 public:
  PymodbusTcpBench() {
    start_server({"tcp", "0"});
    bus_ = ModbusBus::open_tcp(loop_.context(), {"127.0.0.1", static_cast<std::uint16_t>(port_)}, {unit_}).value();
  }
  void vanish() override { server_.reset(); }
  void restore() override { start_server({"tcp", std::to_string(port_)}); }
};

/// Vanishing is unplugging the adapter: the path is gone, and is there again later.
class PymodbusRtuBench final : public PymodbusBench {
 public:
  PymodbusRtuBench() {
    restore();
    bus_ = ModbusBus::open_rtu(loop_.context(), {folder_ / "gate", 115200, 'E', 1, {}}, {unit_}).value();
  }
  void vanish() override {
    server_.reset();
    line_.reset();
    std::filesystem::remove(folder_ / "gate");
    std::filesystem::remove(folder_ / "module");
  }
  void restore() override {
    line_ = std::make_unique<ChildProgram>(std::vector<std::string>{
        "/usr/bin/socat", "pty,raw,echo=0,link=" + (folder_ / "gate"), "pty,raw,echo=0,link=" + (folder_ / "module")});
    const auto there = [&] {
      return std::filesystem::exists(folder_ / "gate") && std::filesystem::exists(folder_ / "module");
    };
    if (!loop_.until(there)) throw std::runtime_error("socat made no serial line");
    start_server({"rtu", folder_ / "module", "115200"});
  }

 private:
  TempFolder folder_;
  std::unique_ptr<ChildProgram> line_;
};

}  // namespace exitgate::hal

using ContractBenches = std::tuple<exitgate::hal::PymodbusTcpBench, exitgate::hal::PymodbusRtuBench>;
#include "contract/digital_device_contract.hpp"

namespace exitgate::hal {
namespace {

TEST_CASE("pymodbus refuses a point it does not have, and the error names unit, function and address") {
  ChildProgram server({"/usr/bin/python3", kServer, "tcp", "0", "1"});
  const int port = std::stoi(server.read_line().substr(std::string("ready ").size()));
  REQUIRE(server.ask("points 16") == "ok");
  ModbusUnit unit;
  unit.name = "io1";
  unit.response = milliseconds{500};
  unit.inputs = {{BitTable::kDiscrete, 16}};
  LoopTurner loop;
  auto bus = ModbusBus::open_tcp(loop.context(), {"127.0.0.1", static_cast<std::uint16_t>(port)}, {unit});
  RecordedDevice seen;
  (*bus)->device(0).start(seen);
  REQUIRE(loop.until([&] { return seen.downs == 1; }));
  CHECK(seen.last_error.code == "modbus_illegal_address");
  CHECK(seen.last_error.message.find("io1: unit 1, FC2 (read discrete inputs) at 16") == 0);
}

}  // namespace
}  // namespace exitgate::hal
