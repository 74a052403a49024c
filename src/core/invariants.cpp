#include "core/invariants.hpp"

namespace exitgate {
namespace {

/// The last level written to the barrier in this step: true closed, false open.
std::optional<bool> barrier_write(const Lane& lane, const std::vector<Command>& commands) {
  const auto& binding = lane.config().output(lane.outputs().barrier_role());
  std::optional<bool> closed;
  if (!binding) return closed;
  for (const auto& command : commands) {
    const auto* write = std::get_if<WriteOutput>(&command);
    if (write != nullptr && write->point == binding->point) closed = write->energised == binding->energised_closed;
  }
  return closed;
}

}  // namespace

LaneGuard guard_of(const Lane& lane) { return {.commanded_open = lane.outputs().barrier_closed_commanded() != true}; }

std::optional<std::string> broken_invariant(const Lane& lane, const LaneGuard& before,
                                            const std::vector<Command>& commands, const SessionBook& book) {
  const auto written = barrier_write(lane, commands);
  // The reading of this very step counts: closed is repeated only after it was read closed.
  const bool was_open = before.commanded_open || lane.outputs().last_read_open();
  const bool pulse_only = lane.config().pulse_drive();
  if (written == true && was_open && lane.eyes().safety_blocked()) {
    return "S1: the barrier was commanded closed with somebody, or nobody can tell who, in the swept area";
  }
  if (lane.fire_or_release() && lane.outputs().barrier_closed_commanded() == true) {
    return "S2: the fire alarm or the release is active and the barrier is not commanded open";
  }
  if (std::holds_alternative<Closing>(lane.lane_phase()) && !pulse_only && lane.eyes().safety_blocked() &&
      lane.outputs().barrier_closed_commanded() == true) {
    return "S8: an obstruction was seen while closing and the barrier is not commanded open";
  }
  for (const auto& auth : lane.authorisations()) {
    if (!auth.entry) continue;
    const auto& row = book.entry(*auth.entry);
    if (row.used > row.party_size) return "S4: a session admitted more than its party";
  }
  const bool open_phase =
      std::holds_alternative<Admitting>(lane.lane_phase()) || std::holds_alternative<Passing>(lane.lane_phase());
  if (open_phase && lane.authorisations().empty()) return "S5: the lane is open for somebody and has no receipt for it";
  return std::nullopt;
}

}  // namespace exitgate
