// From the last of a party to the closed barrier: clearing, closing, obstructions, travel that fails (lane contract
// §2).
#include <algorithm>
#include <array>

#include "core/lane.hpp"

namespace exitgate {
namespace {

constexpr Duration kObstructedWindow = std::chrono::seconds{60};
constexpr std::size_t kObstructedTimes = 3;
constexpr std::array<Duration, 3> kRetryAfter{Duration{0}, std::chrono::seconds{3}, std::chrono::seconds{15}};

}  // namespace

bool Lane::try_close(Step step) {
  // S1: one raw sample of somebody in the swept area, or none at all, keeps it open.
  if (eyes_.safety_blocked()) return false;
  close_barrier(step);
  enter(step, Closing{});
  return true;
}

void Lane::close_barrier(Step step) {
  seal_unpassed(step);
  outputs_.command_barrier(true, step.wake.now(), step.gate.out);
  closed_at_ = step.wake.mono();
  found_closed_ = false;
}

bool Lane::travelling_closed(Step step) const {
  if (config_->pulse_drive() || outputs_.barrier_closed_commanded() != true) return false;
  if (eyes_.limits_bound) return eyes_.limit_closed.has_value() && !eyes_.at_closed_limit();
  return closed_at_ && !step.wake.due(*closed_at_ + config_->timing.close_travel);
}

bool Lane::reopen_for_somebody(Step step) {
  if (!travelling_closed(step) || !eyes_.safety_blocked()) return false;
  open_barrier(step);
  if (auths_.empty()) begin_override(step, ReceiptKind::kFault, Basis::kFault);
  return true;
}

bool Lane::run(Step step, Clearing& phase) {
  auto& wake = step.wake;
  // The lane is open already: the next one may come along.
  run_shopper(step);
  if (!std::holds_alternative<Clearing>(phase_)) return true;
  if (!wake.due(phase.not_before) || !wake.past(clear_since_, config_->timing.close_delay)) return false;
  return try_close(step);
}

bool Lane::run(Step step, Closing&) {
  auto& wake = step.wake;
  if (eyes_.safety_blocked()) {
    reopen_obstructed(step);
    return true;
  }
  run_shopper(step);
  if (!std::holds_alternative<Closing>(phase_)) return true;
  const bool time_over = wake.due(phase_since_ + config_->timing.close_travel);
  if (arrived_closed(time_over)) {
    // Who has just left is counted before the receipt is sealed.
    if (counter_.pending()) return false;
    barrier_is_closed(step);
    return true;
  }
  if (!time_over) return false;
  enter(step, Clearing{.not_before = closing_failed(step)});
  return true;
}

bool Lane::arrived_closed(bool time_over) const {
  if (!eyes_.limits_bound) return time_over;
  // Inferred from the other limit, it has left open and may travel still.
  const bool sure = config_->input(InputRole::kBarrierClosed).has_value() || time_over;
  return eyes_.at_closed_limit() && sure;
}

void Lane::reopen_obstructed(Step step) {
  note_obstructed(step);
  enter(step, Clearing{});
}

void Lane::note_obstructed(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  open_barrier(step);
  std::erase_if(obstructions_, [&](MonoTime at) { return wake.mono() - at > kObstructedWindow; });
  obstructions_.push_back(wake.mono());
  alarm(step, "obstructed");
  for (auto& auth : auths_) auth.receipt.flags.add(Flag::kObstructed);
  if (obstructions_.size() >= kObstructedTimes) {
    gate.faults.raise(FaultCode::kObstructed, part(),
                      "the barrier met an obstacle three times in a minute: look what stands there", wake.now(),
                      gate.out);
    obstructions_.erase(obstructions_.begin());
  }
  if (auths_.empty()) begin_override(step, ReceiptKind::kFault, Basis::kFault);
}

MonoTime Lane::closing_failed(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  open_barrier(step);
  if (auths_.empty()) begin_override(step, ReceiptKind::kFault, Basis::kFault);
  const auto failures = static_cast<std::size_t>(closing_failures_++);
  if (failures < kRetryAfter.size()) return wake.mono() + kRetryAfter[failures];
  closing_failures_ = 0;
  gate.faults.raise(FaultCode::kBarrierStuckOpen, part(),
                    "the barrier did not close four times: free it, then reset the lane", wake.now(), gate.out);
  durable_.stuck_travel = true;
  save(step);
  return wake.mono();
}

void Lane::barrier_is_closed(Step step) {
  now_closed(step);
  enter(step, Closed{});
}

void Lane::now_closed(Step step) {
  closing_failures_ = 0;
  forced_ = false;
  was_closed_ = eyes_.limits_bound && eyes_.at_closed_limit();
  seal_all(step, false);
}

}  // namespace exitgate
