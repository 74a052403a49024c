#include "hal/sim/sim_digital_device.hpp"

#include <tuple>

#include "contract/digital_device_bench.hpp"

namespace exitgate::hal {

/// Virtual time: the clock jumps to the device's next event.
class SimBench final : public DigitalDeviceBench {
 public:
  DigitalDevice& device() override { return device_; }
  PortIndex input_count() const override { return 3; }
  PortIndex output_count() const override { return 4; }
  Duration poll_bound() const override { return milliseconds{10}; }
  void set_input(PortIndex input, bool high) override { device_.set_input(input, high); }
  bool output(PortIndex output) const override { return device_.output(output); }
  bool force_output(PortIndex output, bool high) override {
    device_.force_output(output, high);
    return true;
  }
  bool can_vanish() const override { return true; }
  void vanish() override { device_.lose({"sim_lost", "taken away by the test"}); }
  void restore() override { device_.restore(); }
  bool run_until(const std::function<bool()>& condition, Duration bound) override {
    const MonoTime end = now_ + bound;
    while (!condition()) {
      const MonoTime next = std::max(device_.next_due(), now_);
      if (next > end) {
        now_ = end;
        return false;
      }
      now_ = next;
      device_.run_due();
    }
    return true;
  }

  SimDigitalDevice& sim() { return device_; }
  MonoTime now() const { return now_; }

 private:
  MonoTime now_ = mono_from_us(1'000'000);
  SimDigitalDevice device_{{.inputs = 3, .outputs = 4}, [this] { return now_; }};
};

}  // namespace exitgate::hal

using ContractBenches = std::tuple<exitgate::hal::SimBench>;
#include "contract/digital_device_contract.hpp"

namespace exitgate::hal {
namespace {

TEST_CASE("a stuck output is told as a write that could not be verified") {
  contract::Started<SimBench> s;
  s.bench.sim().stick_output(2, true);
  s.bench.device().write(2, true);
  REQUIRE(s.until([&] { return !s.seen.writes.empty(); }));
  REQUIRE_FALSE(s.seen.writes[0].status.has_value());
  CHECK(s.seen.writes[0].status.error().code == "sim_write_not_verified");
  CHECK_FALSE(s.bench.output(2));
}

TEST_CASE("polls come at exactly the poll period of the virtual clock") {
  contract::Started<SimBench> s;
  const auto from = s.seen.polled_at;
  const int polls = s.seen.polls;
  REQUIRE(s.until([&] { return s.seen.polls == polls + 100; }));
  CHECK(s.seen.polled_at - from == milliseconds{1000});
}

TEST_CASE("a write takes the configured latency") {
  MonoTime now = mono_from_us(0);
  SimDigitalDevice device{{.inputs = 1, .outputs = 1, .write_latency = milliseconds{3}}, [&] { return now; }};
  RecordedDevice seen;
  device.start(seen);
  device.run_due();
  device.write(0, true);
  now += milliseconds{2};
  device.run_due();
  CHECK_FALSE(device.output(0));
  CHECK(device.next_due() == mono_from_us(3000));
  now += milliseconds{1};
  device.run_due();
  CHECK(device.output(0));
  CHECK(seen.writes.size() == 1);
}

}  // namespace
}  // namespace exitgate::hal
