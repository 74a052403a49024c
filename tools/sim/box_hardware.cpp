// The gate hardware of a simulated box: outputs, barriers, eyes, fire.
#include <algorithm>

#include "tools/sim/box.hpp"

namespace exitgate::sim {
namespace {

/// A polled level is good for 100 ms.
constexpr Duration kPollAtMostEvery = milliseconds{90};
/// What is given as active is debounced for 20 ms; from then on every barrier is commanded open.
constexpr Duration kDebounced = milliseconds{25};
/// After a lane changed its mode whoever stands there may have come for the other.
/// From a clear approach on: whoever was there has gone, and the box has seen it.
constexpr Duration kLeaves = milliseconds{600};
constexpr Duration kModeSettles = std::chrono::seconds{20};

}  // namespace

void Box::write(const WriteOutput& write) {
  const auto lane = static_cast<std::size_t>(write.point / kPerLane);
  const auto mutation = around_.options.mutation;
  const bool known = lane < lanes_.size();
  const bool barrier = known && write.point == point_of(lane, file_.lanes[lane].pulse ? kHoldPoint : kBarrierPoint);
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
  if (!known) return;
  const auto module = file_.lanes[lane].drives_on;
  if (!modules_[module].answers) return;
  coils_[write.point] = energised;
  if (barrier) drive(lane, energised);
  if (known && write.point == point_of(lane, kPulsePoint) && energised) drive(lane, false);
  if (known && !barrier && write.point == point_of(lane, kGreenPoint) && moved) {
    later(Duration{0}, [this, lane] { moved(lane); });
  }
  later(milliseconds{4}, [this, write, module] {
    if (modules_[module].answers) feed(OutputWritten{write.point, write.energised, true});
  });
}

void Box::read_outputs(DeviceId device) {
  later(milliseconds{4}, [this, device] {
    if (!modules_[device].answers) return;
    OutputsRead found{device, {}};
    for (const auto& [point, energised] : coils_) {
      const auto lane = static_cast<std::size_t>(point / kPerLane);
      if (file_.lanes[lane].drives_on != device) continue;
      found.levels.push_back({point, energised, around_.agenda.now()});
      if (point != point_of(lane, file_.lanes[lane].pulse ? kHoldPoint : kBarrierPoint)) continue;
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

std::vector<PointLevel> Box::all_levels(std::size_t module) const {
  std::vector<PointLevel> levels;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    for (PointId eye = 0; file_.lanes[i].eyes_on == module && eye < kEyes; ++eye)
      levels.push_back({point_of(i, eye), level(i, static_cast<Eye>(eye)), around_.agenda.now()});
  }
  if (module == kPanelOn) levels.push_back({kFirePoint, fire_, around_.agenda.now()});
  return levels;
}

void Box::poll(std::size_t module, std::vector<PointLevel> changes) {
  const auto now = around_.agenda.now();
  modules_[module].polled_at = now;
  if (!changes.empty()) changed_at_ = now;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (file_.lanes[i].eyes_on != module) continue;
    settle_position(i);
    auto& truth = around_.oracle.lane(index_, i);
    const bool approach = level(i, Eye::kApproach);
    if (approach || truth.approach) truth.approach_at = now;
    if (!approach && now - truth.approach_at >= kLeaves) truth.left_at = now;
    truth.approach = approach;
    truth.read_at = now;
    truth.safety = level(i, Eye::kSafety);
    if (truth.mode != mode(i)) around_.oracle.trouble(index_, i, now + kModeSettles);
    truth.mode = mode(i);
  }
  step(InputsPolled{static_cast<DeviceId>(module), std::move(changes)});
}

MonoTime Box::deadline() const {
  if (!alive()) return kNever;
  auto at = std::min(controller_->next_deadline(), radio_->next_deadline());
  // One module is heard before anything else happens; of several each must be, before it is stale.
  for (std::size_t i = 0; modules_.size() > 1 && i < modules_.size(); ++i) {
    if (reads(i)) at = std::min(at, modules_[i].polled_at + kPollAtMostEvery);
  }
  return at;
}

bool Box::poll_due() {
  bool any = false;
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    if (!reads(i) || around_.agenda.now() - modules_[i].polled_at < kPollAtMostEvery) continue;
    poll(i, {});
    any = true;
  }
  return any;
}

void Box::publish_eye(std::size_t lane, Eye eye) {
  const auto module = file_.lanes[lane].eyes_on;
  if (!reads(module)) return;
  poll(module, {{point_of(lane, static_cast<PointId>(eye)), level(lane, eye), around_.agenda.now()}});
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

void Box::module(std::size_t index, bool answers) {
  auto& module = modules_[index];
  module.answers = answers;
  silent(index);
  if (!alive()) return;
  const auto device = static_cast<DeviceId>(index);
  if (answers && !module.up) {
    module.up = true;
    module.polled_at = around_.agenda.now();
    step(DeviceUp{device});
    if (alive()) poll(index, all_levels(index));
  } else if (!answers && module.up) {
    module.up = false;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (file_.lanes[i].eyes_on == index) around_.oracle.lane(index_, i).read_at = MonoTime{};
    }
    step(DeviceDown{device, "simulated"});
  }
  watch_alarms();
}

void Box::hang(std::size_t index, bool on) {
  auto& module = modules_[index];
  if (module.hanging == on) return;
  module.hanging = on;
  module.answers = !on;
  silent(index);
  if (!on && alive() && module.up) poll(index, all_levels(index));
  watch_alarms();
}

/// Nobody talks to it, perhaps: some modules let their outputs fall after a while.
void Box::silent(std::size_t index) {
  auto& module = modules_[index];
  if (module.answers) ++module.silences;
  if (module.answers || !file_.drops[index]) return;
  around_.agenda.in(kDropsAfter, [this, index, silence = module.silences] {
    if (!modules_[index].answers && modules_[index].silences == silence) drop_outputs(index);
  });
}

void Box::drop_outputs(std::size_t index) {
  for (auto& [point, energised] : coils_) {
    if (file_.lanes[point / kPerLane].drives_on == index) energised = false;
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (file_.lanes[i].drives_on == index) drive(i, false);
  }
}

bool Box::alarm_read(std::size_t lane) const {
  return (fire_ && reads(kPanelOn)) || (level(lane, Eye::kRelease) && reads(file_.lanes[lane].eyes_on));
}

void Box::watch_alarms() {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    around_.oracle.lane(index_, i).alarm_input = fire_ || level(i, Eye::kRelease);
    if (!alarm_read(i)) around_.oracle.alarm(index_, i, false, around_.agenda.now());
  }
  later(kDebounced, [this, watch = ++alarm_watch_] {
    // A newer look knows of what came since, whose debounce time is not over.
    if (watch != alarm_watch_) return;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      if (reads(i)) poll(i, {});
    }
    for (std::size_t i = 0; alive() && i < lanes_.size(); ++i) {
      if (alarm_read(i)) around_.oracle.alarm(index_, i, true, around_.agenda.now());
    }
  });
}

void Box::fire(bool active) {
  fire_ = active;
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    around_.oracle.lane(index_, i).alarm_input = active || level(i, Eye::kRelease);
  if (reads(kPanelOn)) poll(kPanelOn, {{kFirePoint, active, around_.agenda.now()}});
  watch_alarms();
}

}  // namespace exitgate::sim
