// A whole run over real Modbus and H4, in real time, against the simplest gate there could be: it opens whenever
// somebody stands there, and closes when nobody does.
#include "tools/rig/performance.hpp"

#include <modbus.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <thread>

#include "running_io.hpp"

using namespace exitgate;
using namespace exitgate::rig;
using namespace exitgate::rig::testing;

namespace {

const char* const kScenario = R"(
[[module]]
name = "io1"
address = "127.0.0.1:0"
[[lane]]
id = "1"
open_s = 0.3
close_s = 0.3
inputs.approach = "io1/discrete/0"
inputs.safety = "io1/discrete/1"
inputs.exit = "io1/discrete/2"
outputs.barrier = "io1/coil/0"
outputs.signal_red = "io1/coil/1"
[[shopper]]
id = "Anna"
kind = "walkout"
lane = "1"
)";

class ToyGate {
 public:
  ToyGate(std::uint16_t port, bool opens) : opens_(opens), client_(modbus_new_tcp("127.0.0.1", port)) {
    modbus_set_slave(client_, 1);
    connected_ = modbus_connect(client_) == 0;
    thread_ = std::thread([this] { turn(); });
  }
  ~ToyGate() {
    stop_ = true;
    thread_.join();
    modbus_close(client_);
    modbus_free(client_);
  }
  ToyGate(const ToyGate&) = delete;
  ToyGate& operator=(const ToyGate&) = delete;
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  void turn() {
    while (!stop_ && connected_) {
      std::uint8_t eyes[3] = {};
      if (modbus_read_input_bits(client_, 0, 3, eyes) != 3) return;
      const bool somebody = eyes[0] != 0 || eyes[1] != 0 || eyes[2] != 0;
      modbus_write_bit(client_, 0, opens_ && somebody ? 0 : 1);
      modbus_write_bit(client_, 1, opens_ ? 0 : 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  bool opens_;
  modbus_t* client_;
  bool connected_ = false;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

bool play(const std::string& extra, bool gate_opens) {
  boost::asio::io_context io;
  const auto scenario = parse_scenario(kScenario + extra, "test.toml", "");
  REQUIRE(scenario);
  auto performance = Performance::open(io, *scenario, {.once = true});
  REQUIRE(performance);
  const ToyGate gate((*performance)->plant().port("io1"), gate_opens);
  bool good = false;
  (*performance)->start([&](bool result) {
    good = result;
    io.stop();
  });
  io.run_for(std::chrono::seconds(40));
  CHECK(gate.connected());
  return good;
}

}  // namespace

TEST_CASE("a shopper passes a gate that opens, and the run is good") { CHECK(play("", true)); }

TEST_CASE("a shopper who is expected to pass and is never let through makes the run bad") {
  CHECK_FALSE(play("patience_s = 1\n", false));
}

TEST_CASE("the same is good where the scenario expects them to stay") {
  CHECK(play("patience_s = 1\nexpect = \"stays\"\n", false));
}
