// The contract bench of the driver `gpiochip`: the driver on a loop, its far side played by gpio-sim.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "contract/digital_device_bench.hpp"
#include "gpio_sim_chip.hpp"
#include "hal/gpiod/gpiod_device.hpp"

namespace exitgate::hal {

[[nodiscard]] inline MonoTime hil_now() {
  return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// Turns a loop until a condition holds.
class HilLoop {
 public:
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  [[nodiscard]] bool until(const std::function<bool()>& condition, Duration bound = milliseconds{10000}) {
    const MonoTime end = hil_now() + bound;
    while (!condition()) {
      if (hil_now() >= end) return false;
      context_.run_one_for(std::chrono::milliseconds{2});
    }
    return true;
  }
  void run_for(Duration time) {
    (void)until([] { return false; }, time);
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
};

class GpioSimBench final : public DigitalDeviceBench {
 public:
  GpioSimBench() {
    GpiodSettings settings;
    settings.name = "chip0";
    settings.chip_path = chip_.path();
    settings.poll = milliseconds{5};
    for (unsigned i = 0; i < kInputs; ++i) settings.inputs.push_back({i});
    for (unsigned i = 0; i < kOutputs; ++i) settings.outputs.push_back({kInputs + i});
    device_ = make_gpiod_device(loop_.context(), settings);
  }

  DigitalDevice& device() override { return *device_; }
  PortIndex input_count() const override { return kInputs; }
  PortIndex output_count() const override { return kOutputs; }
  Duration poll_bound() const override { return milliseconds{250}; }
  void set_input(PortIndex input, bool high) override { chip_.pull(input, high); }
  bool output(PortIndex output) const override { return chip_.level(kInputs + output); }
  bool force_output(PortIndex, bool) override { return false; }  // the kernel holds what is driven
  bool can_vanish() const override { return true; }
  void vanish() override {
    chip_.unplug();
    // A chip that was away comes back with its outputs off.
    for (unsigned i = 0; i < kOutputs; ++i) chip_.pull(kInputs + i, false);
  }
  void restore() override { chip_.plug_in(); }
  bool run_until(const std::function<bool()>& condition, Duration bound) override {
    return loop_.until(
        [&] {
          latch_outputs();
          return condition();
        },
        bound);
  }

 private:
  static constexpr PortIndex kInputs = 3;
  static constexpr PortIndex kOutputs = 4;

  /// gpio-sim drops a line that is let go to its pull; with the pull at the level of the output it latches it, as a
  /// pca953x does.
  void latch_outputs() {
    for (unsigned i = kInputs; chip_.live() && i < kInputs + kOutputs; ++i) chip_.pull(i, chip_.level(i));
  }

  GpioSimChip chip_{kInputs + kOutputs};
  HilLoop loop_;
  std::unique_ptr<DigitalDevice> device_;
};

}  // namespace exitgate::hal
