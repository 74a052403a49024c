#include "hal/sim/sim_digital_device.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace exitgate::hal {

SimDigitalDevice::SimDigitalDevice(SimDigitalSettings settings, std::function<MonoTime()> clock)
    : settings_(settings),
      clock_(std::move(clock)),
      inputs_(settings.inputs),
      reported_(settings.inputs),
      outputs_(settings.outputs),
      stuck_(settings.outputs) {
  EXITGATE_CHECK(settings_.poll > Duration{0} && settings_.retry > Duration{0});
}

void SimDigitalDevice::start(DigitalDeviceObserver& observer) {
  EXITGATE_CHECK(observer_ == nullptr);
  observer_ = &observer;
  link_ = Link::kUnknown;
  poll_due_ = clock_();
}

void SimDigitalDevice::stop() {
  observer_ = nullptr;
  writes_.clear();
  outputs_wanted_ = false;
}

void SimDigitalDevice::write(PortIndex output, bool high) {
  EXITGATE_CHECK(output < outputs_.size());
  if (link_ != Link::kUp || observer_ == nullptr) return;
  const auto same = std::find_if(writes_.begin(), writes_.end(), [&](const auto& w) { return w.output == output; });
  if (same != writes_.end()) {
    same->high = high;
    return;
  }
  writes_.push_back({output, high, clock_() + settings_.write_latency});
}

void SimDigitalDevice::read_outputs() {
  if (link_ == Link::kUp && observer_ != nullptr) outputs_wanted_ = true;
}

void SimDigitalDevice::set_input(PortIndex input, bool high) { inputs_.at(input) = high; }

void SimDigitalDevice::lose(Error why) { lost_ = std::move(why); }

void SimDigitalDevice::restore() { lost_.reset(); }

MonoTime SimDigitalDevice::next_due() const {
  if (observer_ == nullptr) return kNever;
  MonoTime due = poll_due_;
  if (link_ == Link::kUp && !writes_.empty()) due = std::min(due, writes_.front().due);
  if (link_ == Link::kUp && outputs_wanted_) due = std::min(due, clock_());
  return due;
}

void SimDigitalDevice::run_due() {
  const MonoTime now = clock_();
  while (next_due() <= now) run_one(now);
}

void SimDigitalDevice::run_one(MonoTime now) {
  if (lost_) return go_down(now);
  if (link_ != Link::kUp) return come_up(now);
  if (!writes_.empty() && writes_.front().due <= now) return finish_write(now);
  if (outputs_wanted_) return finish_output_reading(now);
  poll(now);
}

void SimDigitalDevice::go_down(MonoTime now) {
  writes_.clear();
  outputs_wanted_ = false;
  poll_due_ = now + settings_.retry;
  if (link_ == Link::kDown) return;
  link_ = Link::kDown;
  const Error why = *lost_;  // the observer may restore() at once
  observer_->on_down(now, why);
}

void SimDigitalDevice::come_up(MonoTime now) {
  link_ = Link::kUp;
  all_due_ = true;
  poll_due_ = now;
  observer_->on_up(now);
}

void SimDigitalDevice::finish_write(MonoTime now) {
  const PendingWrite done = writes_.front();
  writes_.pop_front();
  if (!stuck_[done.output]) outputs_[done.output] = done.high;
  Status status;
  if (outputs_[done.output] != done.high) {
    status = fail("sim_write_not_verified",
                  "output " + std::to_string(done.output) + " does not follow what is written to it");
  }
  observer_->on_written(now, done.output, done.high, status);
}

void SimDigitalDevice::finish_output_reading(MonoTime now) {
  outputs_wanted_ = false;
  std::vector<OutputLevel> levels;
  for (std::size_t i = 0; i < outputs_.size(); ++i) levels.push_back({static_cast<PortIndex>(i), outputs_[i]});
  observer_->on_outputs(now, levels);
}

void SimDigitalDevice::poll(MonoTime now) {
  std::vector<LevelChange> changes;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (!all_due_ && inputs_[i] == reported_[i]) continue;
    changes.push_back({static_cast<PortIndex>(i), inputs_[i], now});
  }
  reported_ = inputs_;
  all_due_ = false;
  poll_due_ = now + settings_.poll;
  observer_->on_polled(now, changes);
}

}  // namespace exitgate::hal
