// What a driver's test must build so that the contract suite (digital_device_contract.hpp) can run against it: the
// driver, a medium, and the far side of the medium. One bench is built for each test and destroyed after it.
#pragma once

#include <functional>

#include "hal/ports/digital_device.hpp"

namespace exitgate::hal {

class DigitalDeviceBench {
 public:
  virtual ~DigitalDeviceBench() = default;

  /// The driver, not started. It has at least two inputs and two outputs; all levels are low at first. The suite starts
  /// and stops it; destroying a bench whose device was left started must be safe.
  [[nodiscard]] virtual DigitalDevice& device() = 0;
  [[nodiscard]] virtual PortIndex input_count() const = 0;
  [[nodiscard]] virtual PortIndex output_count() const = 0;
  /// The longest time from one on_polled() to the next that is allowed here, with room for a busy test machine.
  [[nodiscard]] virtual Duration poll_bound() const = 0;

  /// The far side drives an input.
  virtual void set_input(PortIndex input, bool high) = 0;
  /// The level the far side sees at an output.
  [[nodiscard]] virtual bool output(PortIndex output) const = 0;
  /// The far side changes an output behind the driver's back; false where the medium has no such thing.
  virtual bool force_output(PortIndex output, bool high) = 0;

  /// The device stops answering (cable pulled, module dead), and answers again with the inputs and outputs it has then.
  /// A bench whose medium can't vanish returns false, and the tests about loss are skipped.
  [[nodiscard]] virtual bool can_vanish() const = 0;
  virtual void vanish() = 0;
  virtual void restore() = 0;

  /// Turns the loop (or advances the virtual clock) until the condition holds; false when `bound` is over before.
  [[nodiscard]] virtual bool run_until(const std::function<bool()>& condition, Duration bound) = 0;
  /// Turns the loop for a time: only to show that something does not happen.
  virtual void run_for(Duration time) {
    (void)run_until([] { return false; }, time);
  }
};

}  // namespace exitgate::hal
