// The invariants of the lane contract (§6) that can be judged from one lane's state and the commands of a step: S1, S2,
// S3, S4, S5, S8 and S9. One function, run after every step, in production as in simulation. What is left is no
// property of a step: S6 the outbox keeps (a receipt leaves the queue by an answer only), S7 is what feeds `alive` and
// the service watchdog, S10 needs the future and is judged in simulation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lane.hpp"

namespace exitgate {

/// What must be known of a lane before the step.
struct LaneGuard {
  bool commanded_open = false;  ///< or not known
  std::uint64_t authorisations_ever = 0;
  MonoTime newest_since{};  ///< when the newest authorisation that stands was made
};

[[nodiscard]] LaneGuard guard_of(const Lane& lane);

/// What the step broke, if anything: "S1: …".
[[nodiscard]] std::optional<std::string> broken_invariant(const Lane& lane, const LaneGuard& before,
                                                          const std::vector<Command>& commands, const SessionBook& book,
                                                          Duration confirm_timeout, MonoTime now);

}  // namespace exitgate
