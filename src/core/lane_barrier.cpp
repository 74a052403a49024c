// From the closed barrier to the last of a party: closed, admitting, passing, and what is not used (lane contract §2).
#include <algorithm>
#include <utility>

#include "core/lane.hpp"

namespace exitgate {
namespace {

constexpr Duration kReadBackWithin = milliseconds{100};
constexpr Duration kLeaveClosedIn = std::chrono::seconds{1};
constexpr Duration kStandsTooLong = std::chrono::seconds{60};

}  // namespace

void Lane::open_barrier(Step step) {
  was_closed_ = false;
  closed_at_.reset();
  outputs_.command_barrier(false, step.wake.now(), step.gate.out);
}

bool Lane::forced_open(Step step) {
  if (config_->pulse_drive() || !eyes_.limits_bound) return false;
  if (eyes_.at_closed_limit()) {
    was_closed_ = true;
    forced_suspected_.reset();
    return false;
  }
  if (!was_closed_ || eyes_.limit_closed != false) return false;
  // Either somebody forces it, or its output was lost: a reading tells, and is waited for no longer than a person
  // needs.
  if (!forced_suspected_) {
    forced_suspected_ = step.wake.mono();
    forced_proven_ = false;
    outputs_.verify_barrier(step.gate.reads);
  }
  return forced_proven_ || step.wake.due(*forced_suspected_ + kReadBackWithin);
}

bool Lane::run(Step step, Closed&) {
  if (forced_open(step)) {
    note_forced(step);
    if (shopper_) leave_unanswered(step);
    enter(step, Closing{});
    return true;
  }
  run_shopper(step);
  return !std::holds_alternative<Closed>(phase_);
}

void Lane::note_forced(Step step) {
  was_closed_ = false;
  forced_suspected_.reset();
  forced_ = true;
  alarm(step, "forced");
  auto receipt = new_receipt(step, ReceiptKind::kUnauthorised, std::nullopt);
  receipt.opened_at = step.wake.now().wall;
  receipt.flags.add(Flag::kForced);
  authorise(step, std::move(receipt), std::nullopt, 1).unlimited = true;
}

bool Lane::opened(Step) const {
  if (eyes_.safety.readable && eyes_.safety.active) return true;
  if (eyes_.limits_bound) return eyes_.limit_open == true;
  return outputs_.barrier_confirmed();
}

bool Lane::run(Step step, Admitting& phase) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  auto* auth = newest();
  if (auth == nullptr) {
    enter(step, Clearing{});
    return true;
  }
  if (!phase.commanded) {
    // Never on somebody: a barrier still closing behind the last one opens at once.
    const bool somebody_inside =
        outputs_.barrier_closed_commanded() == true && phase.from_open && eyes_.safety_blocked();
    const bool durable = !gate.persists.pending(auth->ticket);
    if (!durable && !somebody_inside) {
      if (!wake.due(auth->since + config_->timing.durable)) return false;
      auth->receipt.flags.add(Flag::kNotDurable);
      auth->overdue_told = true;
      gate.faults.raise(FaultCode::kReceiptNotDurable, "box",
                        "a receipt could not be written in time and is kept in memory: check the disk", wake.now(),
                        gate.out);
      store_open(step, *auth, false);
    }
    phase.commanded = true;
    phase.tries = 1;
    phase.tried_at = wake.mono();
    auth->receipt.opened_at = wake.now().wall;
    publish_admitted(step, *auth);
    if (config_->pulse_drive()) {
      auth->pulses = auth->counted + 1;
      outputs_.pulse(wake.now(), gate.out);
      if (std::exchange(auth->to_tell, false)) send_admitted(step, *auth);
      enter(step, Passing{});
      return true;
    }
    open_barrier(step);
    if (std::exchange(auth->to_tell, false)) send_admitted(step, *auth);
    if (phase.from_open && eyes_.limits_bound && eyes_.limit_open == true) {
      enter(step, Passing{});
    }
    return true;  // it may be open already
  }
  if (opened(step)) {
    enter(step, Passing{});
    return true;
  }
  if (!eyes_.limits_bound) return false;
  const bool not_left = eyes_.limit_closed == true && wake.due(phase.tried_at + kLeaveClosedIn);
  const bool not_reached = wake.due(phase.tried_at + config_->timing.open_travel);
  if (!not_left && !not_reached) return false;
  if (phase.tries < 2) {
    ++phase.tries;
    phase.tried_at = wake.mono();
    outputs_.repeat_barrier(wake.now(), gate.out);
    return false;
  }
  gate.faults.raise(FaultCode::kBarrierStuckClosed, part(),
                    "the barrier was commanded open twice and did not open: free it, then reset the lane", wake.now(),
                    gate.out);
  buzz(step);
  // Whoever was counted meanwhile went through, whatever the contacts say.
  seal(step, *auth, auth->receipt.passages > 0 ? Outcome::kPassed : Outcome::kNotUsed);
  auths_.pop_back();
  durable_.stuck_travel = true;
  save(step);
  return true;
}

bool Lane::run(Step step, Passing&) {
  auto& wake = step.wake;
  bool still_standing = false;
  if (not_used_due(step, still_standing)) return end_not_used(step, still_standing);
  auto* auth = newest();
  // Somebody was just admitted: the lane is theirs, also where their session turned out to be used up meanwhile.
  const bool left = party_left(step) || (auth != nullptr && auth->receipt.passages == 0);
  if (config_->pulse_drive()) {
    if (left && auth != nullptr) {
      // The next pulse only after the passage of the one before was counted.
      const bool gap_over = auth->counted > 0 && wake.past(auth->last_passage, config_->timing.party_gap) &&
                            wake.past(clear_since_, config_->timing.party_gap);
      if (gap_over) {
        barrier_is_closed(step);
        return true;
      }
      if (auth->counted >= auth->pulses && !outputs_.pulsing()) {
        ++auth->pulses;
        outputs_.pulse(wake.now(), step.gate.out);
      }
      return false;
    }
    if (counter_.pending()) return false;
    barrier_is_closed(step);
    return true;
  }
  if (counter_.pending() && auth != nullptr && second_cart_here(step, *auth)) counter_.start_new_passage();
  // Of the newest admission: one before it may be kept a while to be judged.
  const bool somebody_passed = auth == nullptr || auth->receipt.passages > 0;
  const bool gap_over = somebody_passed && !counter_.pending() && wake.past(clear_since_, config_->timing.party_gap);
  if (left && !gap_over) return false;
  enter(step, Clearing{});
  return true;
}

bool Lane::second_cart_here(Step step, const Authorisation& auth) {
  if (!auth.receipt.cart_id || !eyes_.approach_blocked()) return false;
  // Beside the first: one heard weaker by the margin is parked, or passes in a neighbouring lane; and where the first
  // is not heard, the cart that is may be the very one that passes.
  const auto first = step.gate.proximity.level(*auth.receipt.cart_id, *config_->receiver, step.wake.mono());
  if (!first) return false;
  const auto carts = step.gate.proximity.candidates(index_, step.gate.views, step.wake);
  return std::any_of(carts.begin(), carts.end(), [&](const Candidate& other) {
    return other.cart_id != *auth.receipt.cart_id && !other.parked &&
           other.level_dbm > *first - step.gate.config->beacons.margin_db;
  });
}

bool Lane::not_used_due(Step step, bool& still_standing) {
  auto& wake = step.wake;
  auto* auth = newest();
  if (auth == nullptr || auth->receipt.passages > 0 || counter_.pending()) return false;
  const auto& timing = config_->timing;
  const Duration turned_back = config_->accessible ? std::chrono::seconds{8} : std::chrono::seconds{3};
  if (eyes_.approach_blocked()) {
    still_standing = wake.due(auth->since + kStandsTooLong);
    return still_standing;
  }
  // Without a safety eye nobody knows whether the way was begun; staff may have opened for somebody still some steps
  // away.
  const bool begun_or_unknown = auth->safety_seen || !eyes_.safety.bound || auth->receipt.kind == ReceiptKind::kStaff;
  const auto clear_since = begun_or_unknown ? all_clear_since_ : approach_clear_since_;
  if (!clear_since) return false;
  return wake.due(std::max(*clear_since, auth->since) + (begun_or_unknown ? timing.lapse : turned_back));
}

bool Lane::end_not_used(Step step, bool still_standing) {
  if (config_->pulse_drive()) {
    seal(step, auths_.back(), Outcome::kNotUsed);
    auths_.pop_back();
    barrier_is_closed(step);
    return true;
  }
  if (eyes_.safety_blocked()) return false;
  if (still_standing) {
    shopper_ = Shopper{.presence = ++presences_, .since = step.wake.mono()};
    shopper_->walkout = durable_.mode == LaneMode::kWalkout;
    refuse(step, {ShownReason::kSeeStaff, "not_used"});
    shopper_->refused->until_clear = true;
  }
  return try_close(step);
}

}  // namespace exitgate
