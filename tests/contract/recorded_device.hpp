// An observer that keeps what a device told, for assertions.
#pragma once

#include <map>
#include <vector>

#include "hal/ports/digital_device.hpp"

namespace exitgate::hal {

struct RecordedDevice final : DigitalDeviceObserver {
  enum class Call { kUp, kDown, kPolled, kOutputs, kWritten };
  struct Write {
    PortIndex output = 0;
    bool high = false;
    Status status;
  };

  void on_up(MonoTime) override {
    calls.push_back(Call::kUp);
    up = true;
    ++ups;
  }
  void on_down(MonoTime, const Error& why) override {
    calls.push_back(Call::kDown);
    up = false;
    ++downs;
    last_error = why;
  }
  void on_polled(MonoTime read_at, std::span<const LevelChange> changes) override {
    if (calls.empty() || calls.back() != Call::kPolled) calls.push_back(Call::kPolled);  // kept short: runs are one
    ++polls;
    ages_go_back = ages_go_back || read_at < polled_at;
    polled_at = read_at;
    told_while_down = told_while_down || !up;
    for (const auto& change : changes) {
      repeated_level =
          repeated_level || (levels.contains(change.input) && levels[change.input] == change.high && !first_poll());
      levels[change.input] = change.high;
      all_changes.push_back(change);
    }
    polls_since_up = calls_since_up() ? polls_since_up + 1 : 1;
    seen_ups_ = ups;
    last_changes.assign(changes.begin(), changes.end());
    if (polls_since_up == 1) first_changes.assign(changes.begin(), changes.end());
  }
  void on_outputs(MonoTime, std::span<const OutputLevel> read) override {
    calls.push_back(Call::kOutputs);
    told_while_down = told_while_down || !up;
    ++output_readings;
    outputs.assign(read.begin(), read.end());
  }
  void on_written(MonoTime, PortIndex output, bool high, const Status& status) override {
    calls.push_back(Call::kWritten);
    told_while_down = told_while_down || !up;
    writes.push_back({output, high, status});
  }

  [[nodiscard]] bool reads(PortIndex input, bool high) const {
    const auto at = levels.find(input);
    return up && at != levels.end() && at->second == high;
  }

  std::vector<Call> calls;
  bool up = false;
  int ups = 0;
  int downs = 0;
  int polls = 0;
  int polls_since_up = 0;
  int output_readings = 0;
  bool told_while_down = false;  ///< the contract allows nothing between on_down() and on_up()
  bool repeated_level = false;   ///< a change to the level that was last reported
  bool ages_go_back = false;
  MonoTime polled_at{};
  Error last_error{};
  std::map<PortIndex, bool> levels;
  std::vector<LevelChange> first_changes;  ///< of the first poll after the last on_up()
  std::vector<LevelChange> last_changes;
  std::vector<LevelChange> all_changes;
  std::vector<OutputLevel> outputs;
  std::vector<Write> writes;

 private:
  [[nodiscard]] bool calls_since_up() const { return seen_ups_ == ups; }
  [[nodiscard]] bool first_poll() const { return seen_ups_ != ups; }
  int seen_ups_ = 0;
};

}  // namespace exitgate::hal
