// Driver `sim`: a digital device in memory, for tests and for simulation on a virtual clock.
// Purpose: behaves as the port promises, with every event driven by the caller; it has no thread and reads no clock.
//
// Ownership: the caller owns the device; the clock function must outlive it.
// Thread: one. Callbacks are made only by run_due(), never from within start(), write(), read_outputs() or stop().
// Errors: those the caller injects (lose, stick_output, refuse_writes).
// Timing: run_due() does what is due by the clock; next_due() says when to call it next, so that a simulator can jump.
// A poll reads levels: what changed and changed back between two polls was not seen, as on a polled medium.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "hal/ports/digital_device.hpp"

namespace exitgate::hal {

struct SimDigitalSettings {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  Duration poll = milliseconds{10};
  Duration retry = milliseconds{100};    ///< how long after lose() began or a failed retry the device is asked again
  Duration write_latency = Duration{0};  ///< from write() to the level at the output, and its report
};

class SimDigitalDevice final : public DigitalDevice {
 public:
  SimDigitalDevice(SimDigitalSettings settings, std::function<MonoTime()> clock);

  void start(DigitalDeviceObserver& observer) override;
  void write(PortIndex output, bool high) override;
  void read_outputs() override;
  void stop() override;

  /// Does everything that is due by the clock.
  void run_due();
  /// When run_due() has something to do; kNever while stopped.
  [[nodiscard]] MonoTime next_due() const;

  // The far side: what a person with a screwdriver could do.
  void set_input(PortIndex input, bool high);
  [[nodiscard]] bool input(PortIndex input) const { return inputs_.at(input); }
  [[nodiscard]] bool output(PortIndex output) const { return outputs_.at(output); }
  /// The output changes by itself, as after a restart of the module.
  void force_output(PortIndex output, bool high) { outputs_.at(output) = high; }
  /// While stuck, writes are accepted and have no effect: on_written() tells the failed verification.
  void stick_output(PortIndex output, bool stuck) { stuck_.at(output) = stuck; }
  /// From now on the device does not answer. Seen at the next poll or write, as with a real one.
  void lose(Error why);
  void restore();
  [[nodiscard]] bool started() const { return observer_ != nullptr; }

 private:
  struct PendingWrite {
    PortIndex output = 0;
    bool high = false;
    MonoTime due{};
  };
  enum class Link : std::uint8_t { kUnknown, kUp, kDown };

  void run_one(MonoTime now);
  void go_down(MonoTime now);
  void come_up(MonoTime now);
  void finish_write(MonoTime now);
  void finish_output_reading(MonoTime now);
  void poll(MonoTime now);

  SimDigitalSettings settings_;
  std::function<MonoTime()> clock_;
  DigitalDeviceObserver* observer_ = nullptr;
  std::vector<bool> inputs_;
  std::vector<bool> reported_;
  std::vector<bool> outputs_;
  std::vector<bool> stuck_;
  std::deque<PendingWrite> writes_;  ///< at most one for each output
  bool outputs_wanted_ = false;
  std::optional<Error> lost_;
  Link link_ = Link::kUnknown;
  bool all_due_ = false;  ///< the next poll reports every input
  MonoTime poll_due_{};
};

}  // namespace exitgate::hal
