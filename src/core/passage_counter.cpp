#include "core/passage_counter.hpp"

#include <utility>

namespace exitgate {

CountedPassages PassageCounter::update(const EyesForCounting& eyes, Duration join_gap, bool joins_two, Wake& wake) {
  CountedPassages counted;
  if (eyes.passage.bound) {
    const auto seen = std::exchange(pulses_, eyes.passage.activations).value_or(eyes.passage.activations);
    counted.passages += static_cast<int>(eyes.passage.activations - seen);
  }
  const bool exit_rose = !std::exchange(exit_was_, eyes.exit.active) && eyes.exit.active;
  const bool safety_rose = !std::exchange(safety_was_, eyes.safety.active) && eyes.safety.active;
  const bool approach_rose = !std::exchange(approach_was_, eyes.approach.active) && eyes.approach.active;
  counted.wrong_way = watch_direction(eyes, exit_rose, safety_rose, approach_rose);
  if (!eyes.exit.bound || eyes.passage.bound) return counted;

  if (eyes.safety.active) safety_seen_ = true;
  if (run_ && !run_->blocked &&
      (wake.due(run_->cleared_at + join_gap) || (exit_rose && (split_ || (joins_two && run_->blockages >= 2))))) {
    ++counted.passages;
    run_.reset();
    split_ = false;
  }
  if (exit_rose) {
    if (run_) {
      run_->blocked = true;
      ++run_->blockages;
    } else if (!eyes.safety.bound || safety_seen_) {
      run_ = Run{};
      safety_seen_ = eyes.safety.active;
    }
  }
  if (run_ && run_->blocked && !eyes.exit.active) {
    run_->blocked = false;
    run_->cleared_at = eyes.exit.since;
    // Ask for the end of the gap.
    if (wake.due(run_->cleared_at + join_gap)) {
      ++counted.passages;
      run_.reset();
      split_ = false;
    }
  }
  return counted;
}

bool PassageCounter::watch_direction(const EyesForCounting& eyes, bool exit_rose, bool safety_rose,
                                     bool approach_rose) {
  if (!eyes.safety.bound) return false;
  if (exit_rose && !eyes.safety.active && !eyes.approach.active && !safety_seen_)
    wrong_way_ = {.exit_first = true, .then_safety = false};
  if (safety_rose && wrong_way_.exit_first && !eyes.approach.active) wrong_way_.then_safety = true;
  if (approach_rose && wrong_way_.then_safety) {
    wrong_way_ = {};
    safety_seen_ = false;
    return true;
  }
  // Whoever came in by the approach, or stepped back out of the exit, walks no wrong way.
  if (approach_rose) wrong_way_ = {};
  if (wrong_way_.exit_first && !wrong_way_.then_safety && !eyes.exit.active && !eyes.safety.active) wrong_way_ = {};
  return false;
}

}  // namespace exitgate
