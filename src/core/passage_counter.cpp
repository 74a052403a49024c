#include "core/passage_counter.hpp"

#include <algorithm>
#include <utility>

namespace exitgate {
namespace {

/// Eyes don't overlap everywhere: somebody between two of them is still on the way.
constexpr Duration kJustStood = std::chrono::seconds{1};

}  // namespace

CountedPassages PassageCounter::update(const EyesForCounting& eyes, Duration join_gap, bool joins_two, Wake& wake) {
  CountedPassages counted;
  if (eyes.passage.bound) {
    const auto seen = std::exchange(pulses_, eyes.passage.activations).value_or(eyes.passage.activations);
    counted.passages += static_cast<int>(eyes.passage.activations - seen);
  }
  const Rises rises{.exit = !std::exchange(exit_was_, eyes.exit.active) && eyes.exit.active,
                    .safety = !std::exchange(safety_was_, eyes.safety.active) && eyes.safety.active,
                    .approach = !std::exchange(approach_was_, eyes.approach.active) && eyes.approach.active};
  counted.wrong_way = watch_direction(eyes, rises, wake);
  if (counted.wrong_way && run_) {
    // Only the blockage they began with was nobody's passage: one joined before it stays one.
    if (run_->blockages > 1) ++counted.passages;
    run_.reset();
    split_ = false;
  }
  if (!eyes.exit.bound || eyes.passage.bound) return counted;

  if (eyes.safety.active) safety_seen_ = true;
  const bool full = split_ || (run_ && run_->joins_two && run_->blockages >= 2);
  if (run_ && !run_->blocked && (gap_over(eyes, wake) || (rises.exit && full))) {
    ++counted.passages;
    run_.reset();
    split_ = false;
  }
  if (rises.exit) {
    if (run_) {
      run_->blocked = true;
      ++run_->blockages;
    } else if (!eyes.safety.bound || safety_seen_) {
      run_ = Run{.join_gap = join_gap, .joins_two = joins_two};
      safety_seen_ = eyes.safety.active;
    }
  }
  if (run_ && run_->blocked && !eyes.exit.active) {
    run_->blocked = false;
    run_->cleared_at = eyes.exit.since;
    // Ask for the end of the gap.
    if (gap_over(eyes, wake)) {
      ++counted.passages;
      run_.reset();
      split_ = false;
    }
  }
  return counted;
}

bool PassageCounter::gap_over(const EyesForCounting& eyes, Wake& wake) const {
  if (!wake.due(run_->cleared_at + run_->join_gap)) return false;
  if (!wrong_way_.then_safety) return true;
  // Somebody is inside who came from the exit, or follows the one who left: where they go tells, for a while.
  return !eyes.safety.active && wake.due(eyes.safety.since + std::max(run_->join_gap, kJustStood));
}

bool PassageCounter::watch_direction(const EyesForCounting& eyes, const Rises& rises, Wake& wake) {
  if (!eyes.safety.bound || !eyes.exit.bound) return false;
  if (rises.exit) wrong_way_ = {.exit_first = !eyes.safety.active && !eyes.approach.active, .then_safety = false};
  if (rises.safety && wrong_way_.exit_first && !eyes.approach.active) wrong_way_.then_safety = true;
  if (rises.approach && wrong_way_.then_safety) {
    wrong_way_ = {};
    safety_seen_ = false;
    return true;
  }
  // Whoever came in by the approach, or stepped back out of the exit, walks no wrong way.
  if (rises.approach) wrong_way_ = {};
  const bool empty = !eyes.exit.active && !eyes.safety.active;
  if (wrong_way_.exit_first && empty && wake.due(std::max(eyes.exit.since, eyes.safety.since) + kJustStood))
    wrong_way_ = {};
  return false;
}

}  // namespace exitgate
