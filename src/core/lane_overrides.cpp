// Faults, overrides and recovering (lane contract §2).
#include "core/lane.hpp"

#include <algorithm>

namespace exitgate {
namespace {

constexpr Duration kWellFor = std::chrono::seconds{2};
constexpr Duration kBlockedFor = milliseconds{300};
constexpr Duration kContradictFor = milliseconds{500};

}  // namespace

void Lane::find_faults(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  const Now& now = wake.now();
  const auto& timing = config_->timing;

  device_lost_ = false;
  bool release_lost = false;
  auto lost = [&](DeviceId device) { return gate.inputs.device_lost(device, timing.device_lost, wake); };
  for (std::size_t i = 0; i < kInputRoleCount; ++i) {
    if (!config_->inputs[i] || !lost(config_->inputs[i]->device)) continue;
    device_lost_ = true;
    if (static_cast<InputRole>(i) == InputRole::kRelease) release_lost = true;
  }
  for (const auto role : {OutputRole::kBarrier, OutputRole::kOpenPulse, OutputRole::kHoldOpen}) {
    if (config_->output(role) && lost(config_->output(role)->device)) device_lost_ = true;
  }
  const auto& fire = gate.config->fire_alarm;
  fire_lost_ = release_lost || (fire && lost(fire->device));
  gate.faults.set(release_lost, FaultCode::kFireInputLost, part(),
                  "the emergency release can't be read: check its device, cable and power", now, gate.out);

  limits_bad_ = limits_contradict_since_ && wake.due(*limits_contradict_since_ + kContradictFor);
  gate.faults.set(limits_bad_, FaultCode::kLimitsContradict, part(),
                  "both limit contacts are active: check the contacts and their wiring", now, gate.out);

  const bool safety_stuck = safety_blocked_since_ && wake.due(*safety_blocked_since_ + timing.stuck);
  const bool exit_stuck = exit_blocked_since_ && wake.due(*exit_blocked_since_ + timing.stuck);
  eye_stuck_ = safety_stuck || exit_stuck;
  gate.faults.set(eye_stuck_, FaultCode::kEyeStuck, part(),
                  safety_stuck ? "the safety eye has been blocked too long: clear the gate, or clean and align the eye"
                               : "the exit eye has been blocked too long: clear the gate, or clean and align the eye",
                  now, gate.out);
  storage_hold_ = gate.storage_overflow;
  const bool stuck_known = gate.faults.stands(FaultCode::kBarrierStuckClosed, part()) ||
                           gate.faults.stands(FaultCode::kBarrierStuckOpen, part());
  if (durable_.stuck_travel && !stuck_known) {
    gate.faults.raise(FaultCode::kBarrierStuckOpen, part(),
                      "the barrier did not reach its end before the restart: free it, then reset the lane", now,
                      gate.out);
  }

  // Only a value read as active releases; an input that can't be read is a fault instead.
  must_release_ = gate.fire_active || (eyes_.release.bound && eyes_.release.readable && eyes_.release.active);
  if (must_release_ && !durable_.released) {
    durable_.released = true;
    save(step);
  }
  if (eyes_.staff_key.bound && eyes_.staff_key.readable) key_hold_ = eyes_.staff_key.active;
}

bool Lane::override_due(Step step) {
  const bool held = durable_.held_open || key_hold_;
  if (durable_.released) {
    if (std::holds_alternative<Released>(phase_)) return false;
    clear_for_override(step);
    enter(step, Released{});
    open_barrier(step);
    begin_override(step, ReceiptKind::kReleased, Basis::kReleased);
    return true;
  }
  if (held) {
    if (std::holds_alternative<HeldOpen>(phase_)) return false;
    clear_for_override(step);
    enter(step, HeldOpen{});
    open_barrier(step);
    begin_override(step, ReceiptKind::kStaff, Basis::kStaff);
    return true;
  }
  if (faulty()) {
    // A cause that opens, joining one that kept the barrier, takes the lane anew.
    const bool keep = eye_stuck_ && !(device_lost_ || fire_lost_ || limits_bad_ || durable_.stuck_travel || violated_ ||
                                      storage_hold_);
    auto* faulted = std::get_if<Faulted>(&phase_);
    if (faulted != nullptr && (keep || !faulted->keep_barrier)) return false;
    if (faulted == nullptr) clear_for_override(step);
    const bool was_closed = outputs_.barrier_closed_commanded() == true;
    enter(step, Faulted{.keep_barrier = keep, .well_since = {}});
    if (!keep) open_barrier(step);
    if ((!keep || !was_closed) && auths_.empty()) begin_override(step, ReceiptKind::kFault, Basis::kFault);
    return true;
  }
  if (durable_.out_of_service && (std::holds_alternative<Closed>(phase_) || std::holds_alternative<Clearing>(phase_) ||
                                  std::holds_alternative<Closing>(phase_) || std::holds_alternative<Passing>(phase_) ||
                                  std::holds_alternative<Admitting>(phase_))) {
    if (shopper_) leave_unanswered(step);
    // Whoever was admitted and has not been opened for yet is refused after all.
    const auto* admitting = std::get_if<Admitting>(&phase_);
    const bool not_opened = admitting != nullptr && !admitting->commanded;
    if (not_opened) seal_unpassed(step);
    // Behind the one before it the barrier is on its way still.
    const bool closing = std::holds_alternative<Closing>(phase_) ||
                         (not_opened && admitting->from_open && outputs_.barrier_closed_commanded() == true);
    enter(step, OutOfService{.closing = closing && !config_->pulse_drive(), .not_before = {}});
    return true;
  }
  return false;
}

void Lane::clear_for_override(Step step) {
  seal_all(step, true);
  if (shopper_) leave_unanswered(step);
  closing_failures_ = 0;
  forced_ = false;
  forced_suspected_.reset();
}

bool Lane::may_restart() const {
  if (phase() == Phase::kIdle) return auths_.empty() && eyes_.inside_clear();
  const auto* out = std::get_if<OutOfService>(&phase_);
  const bool kept = std::holds_alternative<Released>(phase_) || std::holds_alternative<HeldOpen>(phase_) ||
                    std::holds_alternative<Faulted>(phase_) || (out != nullptr && !out->closing);
  // That an invariant broke is not durable, and waits for a named reset.
  if (!kept || violated_ || counter_.pending()) return false;
  // An override's own receipt may end: it goes on as another.
  if (std::any_of(auths_.begin(), auths_.end(), [](const Authorisation& auth) { return !auth.unlimited; }))
    return false;
  // An eye that can't be read, or is stuck, may be what the new file mends; the barrier stays as it is meanwhile.
  const bool seen = (eyes_.safety.readable && eyes_.safety_blocked()) || (eyes_.exit.readable && eyes_.exit_blocked());
  return !seen || eye_stuck_;
}

bool Lane::run(Step step, Released&) {
  if (durable_.released) {
    open_barrier(step);
    return false;
  }
  enter(step, Recovering{});
  return true;
}

bool Lane::run(Step step, HeldOpen&) {
  if (durable_.held_open || key_hold_) {
    open_barrier(step);
    return false;
  }
  enter(step, Recovering{});
  return true;
}

bool Lane::run(Step step, Faulted& phase) {
  if (faulty()) {
    phase.well_since.reset();
    if (!phase.keep_barrier) open_barrier(step);
    if (phase.keep_barrier) (void)reopen_for_somebody(step);
    return false;
  }
  if (phase.keep_barrier) (void)reopen_for_somebody(step);
  if (!phase.well_since) phase.well_since = step.wake.mono();
  if (!step.wake.due(*phase.well_since + kWellFor)) return false;
  enter(step, Recovering{});
  return true;
}

bool Lane::run(Step step, OutOfService& phase) {
  if (!durable_.out_of_service) {
    enter(step, Recovering{});
    return true;
  }
  if (outputs_.barrier_closed_commanded() != true) {
    close_out_of_service(step, phase);
    return false;
  }
  if (config_->pulse_drive()) {
    end_of_admitted(step);
    return false;
  }
  if (!phase.closing) {
    if (forced_open(step)) {
      note_forced(step);
      phase.closing = true;
      phase_since_ = step.wake.mono();
    }
    return false;
  }
  if (eyes_.safety_blocked()) {
    // Whoever is inside is let out.
    note_obstructed(step);
    phase.closing = false;
    return false;
  }
  const bool time_over = step.wake.due(phase_since_ + config_->timing.close_travel);
  if (arrived_closed(time_over)) {
    if (counter_.pending()) return false;
    phase.closing = false;
    now_closed(step);
    return false;
  }
  if (!time_over) return false;
  phase.closing = false;
  phase.not_before = closing_failed(step);
  return true;
}

void Lane::end_of_admitted(Step step) {
  const auto* auth = newest();
  if (auth == nullptr) return;
  bool still_standing = false;
  const bool not_used = not_used_due(step, still_standing);
  const bool gap_over = step.wake.past(auth->last_passage, config_->timing.party_gap) &&
                        step.wake.past(clear_since_, config_->timing.party_gap);
  const bool passed = auth->receipt.passages > 0 && !counter_.pending() && (gap_over || !party_left(step));
  if (not_used || passed) now_closed(step);
}

void Lane::close_out_of_service(Step step, OutOfService& phase) {
  if (!step.wake.due(phase.not_before) || !step.wake.past(clear_since_, config_->timing.close_delay)) return;
  if (eyes_.safety_blocked() || counter_.pending()) return;
  close_barrier(step);
  phase.closing = true;
  phase_since_ = step.wake.mono();
  (void)step.wake.due(phase_since_ + config_->timing.close_travel);
}

bool Lane::run(Step step, Recovering& phase) {
  auto& wake = step.wake;
  const auto commanded_closed = outputs_.barrier_closed_commanded();
  if (!commanded_closed) return false;  // what stands there is being read; a device that can't be read is a fault
  // Outputs found are kept until the eyes were read: what is not known yet is nobody.
  if (eyes_.safety.readable) found_closed_ = false;
  if (!found_closed_ && reopen_for_somebody(step)) return true;
  const bool blocked = (eyes_.safety.readable && eyes_.safety.active) || (eyes_.exit.readable && eyes_.exit.active);
  if (!blocked) phase.blocked_since.reset();
  if (blocked && !phase.blocked_since) phase.blocked_since = wake.mono();
  if (*commanded_closed && phase.blocked_since && wake.due(*phase.blocked_since + kBlockedFor)) {
    open_barrier(step);
    if (auths_.empty()) begin_override(step, ReceiptKind::kFault, Basis::kFault);
    return false;
  }
  const auto settled_from = clear_since_ ? std::optional(std::max(*clear_since_, phase_since_)) : std::nullopt;
  if (!wake.past(settled_from, config_->timing.settle) || counter_.pending()) return false;
  // Found closed, or still on its way there: closing judges the travel, and opens again for somebody.
  const bool on_its_way = eyes_.limits_bound ? !eyes_.at_closed_limit() : travelling_closed(step);
  if (*commanded_closed && !config_->pulse_drive() && on_its_way) return try_close(step);
  if (*commanded_closed || config_->pulse_drive()) {
    outputs_.command_barrier(true, wake.now(), step.gate.out);
    barrier_is_closed(step);
    return true;
  }
  return try_close(step);
}

void Lane::begin_override(Step step, ReceiptKind kind, Basis basis) {
  auto receipt = new_receipt(step, kind, basis);
  receipt.opened_at = step.wake.now().wall;
  if (kind == ReceiptKind::kStaff) {
    receipt.by = durable_.held_open ? durable_.by : "staff_key";
    receipt.note = durable_.held_open ? durable_.note : "";
  }
  auto& auth = authorise(step, std::move(receipt), std::nullopt, 1);
  auth.unlimited = true;
}

void Lane::invariant_violated(GateState& gate, const std::string& what, const Now& now) {
  violated_ = true;
  gate.faults.raise(FaultCode::kInvariantViolated, part(), what + ": report it with the trace, then reset the lane",
                    now, gate.out);
}

}  // namespace exitgate
