// The lane's turn: reading the eyes, moving on until nothing moves, and what it shows.
#include "core/lane.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace exitgate {
namespace {

/// A turn that moves more often than this has a cycle in it.
constexpr int kMovesAtMost = 24;

std::optional<bool> limit(const InputLevel& level) {
  return level.bound && level.readable ? std::optional(level.active) : std::nullopt;
}

}  // namespace

Lane::Lane(const GateConfig& config, LaneIndex index, const LaneDurable* kept, const Now& start)
    : config_(&config.lanes[index]),
      index_(index),
      part_("lane:" + config_->id.str()),
      outputs_(*config_),
      phase_since_(start.mono),
      phase_since_wall_(start.wall) {
  durable_.lane_id = config_->id;
  durable_.mode = config_->mode;
  if (kept == nullptr) return;
  durable_ = *kept;
  if (!durable_.mode_set_by_staff || (durable_.mode != LaneMode::kWalkout && !config_->receiver)) {
    durable_.mode = config_->mode;
    durable_.mode_set_by_staff = false;
  }
}

bool Lane::reconfigure(const GateConfig& config, LaneIndex index) {
  const bool empty = std::holds_alternative<Closed>(phase_) && !shopper_ && auths_.empty() && eyes_.inside_clear();
  if (!empty) return false;
  config_ = &config.lanes[index];
  index_ = index;
  part_ = "lane:" + config_->id.str();
  outputs_.set_config(*config_);
  if (!durable_.mode_set_by_staff) durable_.mode = config_->mode;
  return true;
}

void Lane::read_eyes(Step step) {
  const auto& timing = config_->timing;
  auto read = [&](InputRole role) { return step.gate.inputs.level(config_->input(role), timing.stale, step.wake); };
  eyes_.approach = read(InputRole::kApproach);
  eyes_.safety = read(InputRole::kSafety);
  eyes_.exit = read(InputRole::kExit);
  eyes_.passage = read(InputRole::kPassage);
  eyes_.staff_key = read(InputRole::kStaffKey);
  eyes_.release = read(InputRole::kRelease);
  const auto open = read(InputRole::kBarrierOpen);
  const auto closed = read(InputRole::kBarrierClosed);
  eyes_.limits_bound = open.bound || closed.bound;
  eyes_.limit_open = limit(open);
  eyes_.limit_closed = limit(closed);
  eyes_.limits_contradict = eyes_.limit_open == true && eyes_.limit_closed == true;
  if (eyes_.limits_contradict) eyes_.closed_doubted = true;
  if (eyes_.limit_closed == false) eyes_.closed_doubted = false;
  // A limit that is not bound is inferred from the other.
  if (!open.bound && eyes_.limit_closed) eyes_.limit_open = !*eyes_.limit_closed;
  if (!closed.bound && eyes_.limit_open) eyes_.limit_closed = !*eyes_.limit_open;

  const MonoTime now = step.wake.mono();
  auto track = [now](std::optional<MonoTime>& since, bool holds) {
    if (!holds) since.reset();
    if (holds && !since) since = now;
  };
  track(clear_since_, eyes_.inside_clear());
  track(all_clear_since_, eyes_.inside_clear() && !eyes_.approach_blocked());
  track(safety_blocked_since_, eyes_.safety.readable && eyes_.safety.active);
  track(exit_blocked_since_, eyes_.exit.readable && eyes_.exit.active);
  track(approach_since_, eyes_.approach_blocked());
  track(approach_clear_since_, !eyes_.approach_blocked());
  track(limits_contradict_since_, eyes_.limits_contradict);
  for (auto& auth : auths_) {
    if (!eyes_.approach_blocked()) auth.approach_cleared = true;
    if (eyes_.safety.readable && eyes_.safety.active) auth.safety_seen = true;
  }
  if (!eyes_.approach_blocked()) admitted_while_blocked_ = false;
}

void Lane::update(GateState& gate, Wake& wake) {
  const Step step{gate, wake};
  read_eyes(step);
  find_faults(step);
  watch_people(step);
  count_passages(step);
  int moves = 0;
  while (advance(step)) {
    announce(step);
    EXITGATE_CHECK(++moves < kMovesAtMost);
  }
  judge_cart_still_here(step);
  announce(step);
  show_signals(step);
  outputs_.update(wake, gate.inputs, gate.out, gate.reads);
}

bool Lane::advance(Step step) {
  if (override_due(step)) return true;
  const auto before = phase_.index();
  const bool moved = std::visit([&](auto& phase) { return run(step, phase); }, phase_);
  return moved || phase_.index() != before;
}

template <class P>
void Lane::enter(Step step, P phase) {
  phase_ = std::move(phase);
  phase_since_ = step.wake.mono();
}
template void Lane::enter(Step, Recovering);
template void Lane::enter(Step, Closed);
template void Lane::enter(Step, Admitting);
template void Lane::enter(Step, Passing);
template void Lane::enter(Step, Clearing);
template void Lane::enter(Step, Closing);
template void Lane::enter(Step, Released);
template void Lane::enter(Step, HeldOpen);
template void Lane::enter(Step, Faulted);
template void Lane::enter(Step, OutOfService);

Phase Lane::phase() const {
  struct Name {
    const std::optional<Shopper>& shopper;
    Phase operator()(const Recovering&) const { return Phase::kRecovering; }
    Phase operator()(const Closed&) const {
      if (!shopper) return Phase::kIdle;
      if (shopper->refused) return Phase::kRefused;
      return shopper->identified ? Phase::kDeciding : Phase::kPresent;
    }
    Phase operator()(const Admitting&) const { return Phase::kAdmitting; }
    Phase operator()(const Passing&) const { return Phase::kPassing; }
    Phase operator()(const Clearing&) const { return Phase::kClearing; }
    Phase operator()(const Closing&) const { return Phase::kClosing; }
    Phase operator()(const Released&) const { return Phase::kReleased; }
    Phase operator()(const HeldOpen&) const { return Phase::kHeldOpen; }
    Phase operator()(const Faulted&) const { return Phase::kFaulted; }
    Phase operator()(const OutOfService&) const { return Phase::kOutOfService; }
  };
  return std::visit(Name{shopper_}, phase_);
}

void Lane::announce(Step step) {
  std::optional<std::string> reason;
  if (shopper_ && shopper_->refused) reason = std::string(to_string(shopper_->refused->reason));
  const Phase current = phase();
  if (announced_once_ && current == announced_ && reason == announced_reason_) return;
  const Now& now = step.wake.now();
  std::vector<std::pair<std::string_view, FieldValue>> fields{{"phase", std::string(to_string(current))},
                                                              {"from", std::string(to_string(announced_))}};
  if (reason) fields.emplace_back("reason", *reason);
  if (current != announced_ || !announced_once_) phase_since_wall_ = now.wall;
  announced_ = current;
  announced_reason_ = reason;
  announced_once_ = true;
  step.gate.publish(PublicEventType::kPhase, config_->id, now, std::move(fields));
}

void Lane::show_signals(Step step) {
  const Now& now = step.wake.now();
  const Phase current = phase();
  const bool refused = shopper_ && shopper_->refused;
  const bool green = current == Phase::kAdmitting || current == Phase::kPassing || current == Phase::kHeldOpen ||
                     current == Phase::kReleased;
  const bool red = !green && (refused || current == Phase::kFaulted || current == Phase::kOutOfService ||
                              current == Phase::kRecovering || current == Phase::kClosing);
  if (buzz_until_ && step.wake.due(*buzz_until_)) buzz_until_.reset();
  // On a slow bus a lamp in front of the barrier would cost the shopper tens of milliseconds: the barrier goes first.
  const auto* admitting = std::get_if<Admitting>(&phase_);
  if (admitting == nullptr || admitting->commanded) {
    outputs_.set(OutputRole::kSignalGreen, green, now, step.gate.out);
    outputs_.set(OutputRole::kSignalRed, red, now, step.gate.out);
  }
  outputs_.set(OutputRole::kBuzzer, forced_ || buzz_until_.has_value(), now, step.gate.out);
  if (!outputs_.pulsing() && config_->pulse_drive()) outputs_.set(OutputRole::kOpenPulse, false, now, step.gate.out);
}

void Lane::alarm(Step step, std::string_view name, std::vector<std::pair<std::string_view, FieldValue>> more) {
  more.insert(more.begin(), {"alarm", std::string(name)});
  step.gate.publish(PublicEventType::kAlarm, config_->id, step.wake.now(), std::move(more));
}

void Lane::watch_people(Step step) {
  const Now& now = step.wake.now();
  if (!approach_since_) {
    loitering_told_ = false;
    step.gate.faults.clear(FaultCode::kApproachBlocked, part(), now, step.gate.out);
  } else {
    if (!loitering_told_ && step.wake.due(*approach_since_ + config_->timing.loiter)) {
      loitering_told_ = true;
      alarm(step, "loitering");
    }
    if (step.wake.due(*approach_since_ + std::chrono::seconds{60})) {
      step.gate.faults.raise(
          FaultCode::kApproachBlocked, part(),
          "something has stood before the barrier for 60 s: clear it away, or clean the approach eye", now,
          step.gate.out);
    }
  }
  const bool alone = eyes_.safety.readable && eyes_.safety.active && !eyes_.approach_blocked() && !eyes_.exit_blocked();
  const bool unadmitted = auths_.empty() && std::holds_alternative<Closed>(phase_);
  if (alone && unadmitted && !intrusion_told_) {
    intrusion_told_ = true;
    alarm(step, "intrusion");
  }
  if (!eyes_.safety.active) intrusion_told_ = false;
}

void Lane::save(Step step) { step.gate.persist({PutLane{durable_}}); }

void Lane::on_outputs_read(GateState& gate, const PointLevel& level, const Now& now) {
  switch (outputs_.on_read(level, now, gate.out)) {
    case LaneOutputs::ReadBack::kFoundOpen: {
      gate.faults.raise(
          FaultCode::kOutputLost, part(),
          "the barrier output was found open though it was commanded closed: check the module's power and wiring", now,
          gate.out);
      Wake wake(now);
      const Step step{gate, wake};
      const bool in_override = std::holds_alternative<Released>(phase_) || std::holds_alternative<HeldOpen>(phase_) ||
                               std::holds_alternative<Faulted>(phase_) || std::holds_alternative<OutOfService>(phase_);
      if (auths_.empty()) begin_override(step, ReceiptKind::kFault, Basis::kFault);
      forced_suspected_.reset();
      was_closed_ = false;
      closed_at_.reset();
      if (!in_override) {
        if (shopper_) leave_unanswered(step);
        enter(step, Recovering{});
      }
      break;
    }
    case LaneOutputs::ReadBack::kFoundClosed:
      gate.faults.raise(
          FaultCode::kOutputLost, part(),
          "the barrier output was found closed though it was commanded open; it was opened again: check the module",
          now, gate.out);
      break;
    case LaneOutputs::ReadBack::kMatches:
      forced_proven_ = forced_suspected_.has_value();
      gate.faults.clear(FaultCode::kOutputLost, part(), now, gate.out);
      break;
    case LaneOutputs::ReadBack::kSeeded:
      // Without limits nobody knows whether it has arrived, or the restart came while it closed.
      found_closed_ = outputs_.barrier_closed_commanded() == true;
      if (found_closed_) closed_at_ = now.mono;
      break;
    case LaneOutputs::ReadBack::kNotOurs:
    case LaneOutputs::ReadBack::kOther:
      break;
  }
}

LaneView Lane::view(const GateState& gate, Wake& wake) const {
  LaneView view;
  view.receiver = config_->receiver;
  const auto approach = gate.inputs.level(config_->input(InputRole::kApproach), config_->timing.stale, wake);
  view.approach_blocked = approach.bound && approach.active;
  view.receiver_up = config_->receiver && gate.inputs.device(*config_->receiver).up;
  if (!auths_.empty() && auths_.back().receipt.cart_id && !std::holds_alternative<Closed>(phase_)) {
    view.admitted = auths_.back().receipt.cart_id;
  }
  if (shopper_) view.bound = shopper_->cart;  // also while the approach dips
  return view;
}

LaneStatus Lane::status(const GateState& gate) const {
  LaneStatus status{.id = config_->id,
                    .mode = durable_.mode,
                    .phase = phase(),
                    .reason = announced_reason_,
                    .barrier = BarrierPosition::kUnknown,
                    .faults = gate.faults.of(part()),
                    .since = phase_since_wall_};
  if (eyes_.limit_closed == true && eyes_.limit_open != true) {
    status.barrier = BarrierPosition::kClosed;
  } else if (eyes_.limit_open == true && eyes_.limit_closed != true) {
    status.barrier = BarrierPosition::kOpen;
  } else if (eyes_.limit_open == false && eyes_.limit_closed == false) {
    status.barrier = BarrierPosition::kMoving;
  }
  std::set<DeviceId> devices;
  for (const auto& input : config_->inputs) {
    if (input) devices.insert(input->device);
  }
  for (const auto& output : config_->outputs) {
    if (output) devices.insert(output->device);
  }
  if (config_->receiver) devices.insert(*config_->receiver);
  for (const auto device : devices) {
    const auto more = gate.faults.of("device:" + gate.config->devices[device].name.str());
    status.faults.insert(status.faults.end(), more.begin(), more.end());
  }
  return status;
}

}  // namespace exitgate
