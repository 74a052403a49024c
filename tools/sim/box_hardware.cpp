// The gate hardware of a simulated box: outputs, barriers, eyes, fire.
#include <algorithm>

#include "tools/sim/box.hpp"
#include "tools/sim/points.hpp"

namespace exitgate::sim {

void Box::write(const WriteOutput& write) {
  const auto lane = static_cast<std::size_t>(write.point / kPerLane);
  const auto mutation = around_.options.mutation;
  const bool known = lane < lanes_.size();
  const bool barrier = known && write.point == point_of(lane, kinds_[lane].pulse ? kHoldPoint : kBarrierPoint);
  bool energised = write.energised;
  if (barrier && !energised && (mutation == Mutation::kDropOpen || (mutation == Mutation::kIgnoreFire && fire_)))
    energised = true;
  if (barrier) {
    const auto phase = controller_->lanes()[lane].phase();
    around_.oracle.lane(index_, lane).overridden =
        phase == Phase::kFaulted || phase == Phase::kReleased || phase == Phase::kHeldOpen;
    around_.oracle.barrier_told(index_, lane, energised, around_.agenda.now());
  }
  if (known && around_.options.trace) note("write point " + std::to_string(write.point) + (energised ? " on" : " off"));
  if (known && write.point == point_of(lane, kPulsePoint) && energised) around_.oracle.pulsed(index_, lane);
  const bool shows = known && energised && !barrier;  // a lamp, or the pulse
  if (shows) around_.oracle.lane(index_, lane).shown_at = around_.agenda.now();
  if (!device_answers_) return;
  coils_[write.point] = energised;
  if (barrier) drive(lane, energised);
  if (known && write.point == point_of(lane, kPulsePoint) && energised) drive(lane, false);
  if (known && !barrier && write.point == point_of(lane, kGreenPoint) && moved) {
    later(Duration{0}, [this, lane] { moved(lane); });
  }
  later(milliseconds{4}, [this, write] {
    if (device_answers_) feed(OutputWritten{write.point, write.energised, true});
  });
}

void Box::read_outputs() {
  later(milliseconds{4}, [this] {
    if (!device_answers_) return;
    OutputsRead found{kIo, {}};
    for (const auto& [point, energised] : coils_) {
      found.levels.push_back({point, energised, around_.agenda.now()});
      const auto lane = static_cast<std::size_t>(point / kPerLane);
      if (lane >= lanes_.size() || point != point_of(lane, kinds_[lane].pulse ? kHoldPoint : kBarrierPoint)) continue;
      auto& truth = around_.oracle.lane(index_, lane);
      if (!truth.known) truth.told_closed = energised;
      truth.known = true;
    }
    feed(found);
  });
}

void Box::settle_position(std::size_t lane) {
  auto& at = lanes_[lane];
  const double part =
      static_cast<double>((around_.agenda.now() - at.moved_at).count()) / static_cast<double>(kTravel.count());
  at.position = std::clamp(at.position + (at.closing ? -part : part), 0.0, 1.0);
  if (at.position < 1e-6) at.position = 0;
  if (at.position > 1 - 1e-6) at.position = 1;
  at.moved_at = around_.agenda.now();
  around_.oracle.lane(index_, lane).position = at.position;
}

void Box::drive(std::size_t lane, bool closing) {
  auto& at = lanes_[lane];
  settle_position(lane);
  if (at.closing == closing && at.moved_at != MonoTime{}) {
    if ((closing && at.position <= 0) || (!closing && at.position >= 1)) return;
  }
  at.closing = closing;
  const auto motion = ++at.motion;
  const double left = closing ? at.position : 1 - at.position;
  if (left > 0 && (at.position <= 0 || at.position >= 1)) {
    around_.agenda.in(milliseconds{50}, [this, lane] {
      settle_position(lane);
      see(lane, Eye::kLimitClosed, lanes_[lane].position <= 0);
      see(lane, Eye::kLimitOpen, lanes_[lane].position >= 1);
    });
  }
  const auto span = Duration{static_cast<std::int64_t>(left * static_cast<double>(kTravel.count())) + 1};
  around_.agenda.in(span, [this, lane, motion] {
    if (lanes_[lane].motion != motion) return;
    settle_position(lane);
    see(lane, Eye::kLimitClosed, lanes_[lane].position <= 0);
    see(lane, Eye::kLimitOpen, lanes_[lane].position >= 1);
    if (moved) moved(lane);
  });
}

bool Box::level(std::size_t lane, Eye eye) const {
  const auto at = static_cast<std::size_t>(eye);
  const auto fault = lanes_[lane].fault[at];
  if (fault == EyeFault::kStuckActive) return true;
  if (fault == EyeFault::kStuckClear) return false;
  return lanes_[lane].truth[at];
}

std::vector<PointLevel> Box::all_levels() const {
  std::vector<PointLevel> levels;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    for (PointId eye = 0; eye < kEyes; ++eye) {
      levels.push_back({point_of(i, eye), level(i, static_cast<Eye>(eye)), around_.agenda.now()});
    }
  }
  levels.push_back({kFirePoint, fire_, around_.agenda.now()});
  return levels;
}

void Box::poll_changes(std::vector<PointLevel> changes) {
  polled_at_ = around_.agenda.now();
  if (!changes.empty()) changed_at_ = polled_at_;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    settle_position(i);
    auto& truth = around_.oracle.lane(index_, i);
    const bool approach = level(i, Eye::kApproach);
    if (approach || truth.approach) truth.approach_at = around_.agenda.now();
    truth.approach = approach;
    truth.read_at = around_.agenda.now();
    truth.safety = level(i, Eye::kSafety);
    truth.mode = mode(i);
  }
  step(InputsPolled{kIo, std::move(changes)});
}

void Box::publish_eye(std::size_t lane, Eye eye) {
  if (!alive() || !device_answers_ || !device_up_) return;
  poll_changes({{point_of(lane, static_cast<PointId>(eye)), level(lane, eye), around_.agenda.now()}});
}

void Box::see(std::size_t lane, Eye eye, bool active) {
  auto& truth = lanes_[lane].truth[static_cast<std::size_t>(eye)];
  if (truth == active) return;
  const bool before = level(lane, eye);
  truth = active;
  if (level(lane, eye) == before) return;
  if (eye == Eye::kStaffKey) {
    around_.oracle.lane(index_, lane).key = active;
    around_.oracle.lane(index_, lane).key_at = around_.agenda.now();
  }
  publish_eye(lane, eye);
  if (eye == Eye::kRelease) watch_alarms();
  if (around_.options.mutation == Mutation::kCloseOnSomebody && eye == Eye::kSafety && active && alive()) {
    around_.oracle.barrier_told(index_, lane, true, around_.agenda.now());
  }
}

void Box::eye_fault(std::size_t lane, Eye eye, EyeFault fault) {
  const bool before = level(lane, eye);
  lanes_[lane].fault[static_cast<std::size_t>(eye)] = fault;
  if (level(lane, eye) != before) publish_eye(lane, eye);
}

void Box::device(bool answers) {
  device_answers_ = answers;
  if (!alive()) return;
  if (answers && !device_up_) {
    device_up_ = true;
    polled_at_ = around_.agenda.now();
    step(DeviceUp{kIo});
    if (alive()) poll_changes(all_levels());
  } else if (!answers && device_up_) {
    device_up_ = false;
    step(DeviceDown{kIo, "simulated"});
  }
  watch_alarms();
}

void Box::hang(bool on) {
  if (hanging_ == on) return;
  hanging_ = on;
  device_answers_ = !on;
  if (!on && alive() && device_up_) poll_changes(all_levels());
  watch_alarms();
}

void Box::watch_alarms() {
  const bool readable = alive() && device_up_ && device_answers_;
  auto stands = [this](std::size_t lane) { return fire_ || level(lane, Eye::kRelease); };
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    around_.oracle.lane(index_, i).alarm_input = stands(i);
    if (!readable || !stands(i)) around_.oracle.alarm(index_, i, false, around_.agenda.now());
  }
  if (!readable) return;
  // Debounced for 20 ms; from then on every barrier is commanded open.
  later(milliseconds{25}, [this, stands] {
    if (!device_up_ || !device_answers_) return;
    poll_changes({});
    for (std::size_t i = 0; i < lanes_.size(); ++i) around_.oracle.alarm(index_, i, stands(i), around_.agenda.now());
  });
}

void Box::fire(bool active) {
  fire_ = active;
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    around_.oracle.lane(index_, i).alarm_input = active || level(i, Eye::kRelease);
  if (alive() && device_answers_ && device_up_) poll_changes({{kFirePoint, active, around_.agenda.now()}});
  watch_alarms();
}

}  // namespace exitgate::sim
