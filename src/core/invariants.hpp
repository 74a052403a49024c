// The invariants of the lane contract (§6) that can be judged from one lane's state and the commands of a step. One
// function, run after every step, in production as in simulation. S6, S7 and S10 are properties of the whole system and
// judged there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lane.hpp"

namespace exitgate {

/// What must be known of a lane before the step.
struct LaneGuard {
  bool commanded_open = false;  ///< or not known
};

[[nodiscard]] LaneGuard guard_of(const Lane& lane);

/// What the step broke, if anything: "S1: …".
[[nodiscard]] std::optional<std::string> broken_invariant(const Lane& lane, const LaneGuard& before,
                                                          const std::vector<Command>& commands,
                                                          const SessionBook& book);

}  // namespace exitgate
