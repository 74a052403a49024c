#include "core/invariants.hpp"

#include <algorithm>

namespace exitgate {
namespace {

/// After the question was known and its answer's time was over.
constexpr Duration kVerdictWithin = milliseconds{50};

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

bool of_a_verdict(const Receipt& receipt) {
  return receipt.kind == ReceiptKind::kCart || receipt.kind == ReceiptKind::kWalkout;
}

/// Somebody was let in by a verdict in this step while nobody was read to stand there. A passage at a closed lane has
/// an authorisation that is sealed and gone within its step: what stands at the end of the list may be an older one.
bool admitted_nobody(const Lane& lane, const LaneGuard& before) {
  if (lane.eyes().approach.readable && lane.eyes().approach_blocked()) return false;
  const auto& all = lane.authorisations();
  const auto added = std::min<std::uint64_t>(lane.authorisations_ever() - before.authorisations_ever, all.size());
  return std::any_of(all.end() - static_cast<std::ptrdiff_t>(added), all.end(), [&](const Authorisation& auth) {
    return auth.since > before.newest_since && of_a_verdict(auth.receipt);
  });
}

/// Whoever stands before a closed lane has no verdict, and nothing that the contract lets them wait for.
bool verdict_overdue(const Lane& lane, Duration confirm_timeout, MonoTime now) {
  const auto& shopper = lane.shopper();
  const bool stands_there = lane.eyes().approach.readable && lane.eyes().approach_blocked();
  if (!std::holds_alternative<Closed>(lane.lane_phase()) || !shopper || !stands_there) return false;
  if (shopper->refused || shopper->answer || shopper->ambiguous_since) return false;
  if (shopper->identified) return shopper->asked && now > shopper->asked_at + confirm_timeout + kVerdictWithin;
  const auto& timing = lane.config().timing;
  return now > shopper->since + std::max(timing.no_beacon, timing.bind_wait) + kVerdictWithin;
}

}  // namespace

LaneGuard guard_of(const Lane& lane) {
  const auto& all = lane.authorisations();
  return {.commanded_open = lane.outputs().barrier_closed_commanded() != true,
          .authorisations_ever = lane.authorisations_ever(),
          .newest_since = all.empty() ? MonoTime{} : all.back().since};
}

std::optional<std::string> broken_invariant(const Lane& lane, const LaneGuard& before,
                                            const std::vector<Command>& commands, const SessionBook& book,
                                            Duration confirm_timeout, MonoTime now) {
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
  const auto* out_of_service = std::get_if<OutOfService>(&lane.lane_phase());
  const bool closing =
      std::holds_alternative<Closing>(lane.lane_phase()) || (out_of_service != nullptr && out_of_service->closing);
  if (closing && !pulse_only && lane.eyes().safety_blocked() && lane.outputs().barrier_closed_commanded() == true) {
    return "S8: an obstruction was seen while closing and the barrier is not commanded open";
  }
  if (admitted_nobody(lane, before)) return "S3: a verdict opened the lane with nobody read at its approach";
  for (const auto& auth : lane.authorisations()) {
    if (!auth.entry) continue;
    const auto& row = book.entry(*auth.entry);
    if (row.used > row.party_size) return "S4: a session admitted more than its party";
  }
  const bool open_phase =
      std::holds_alternative<Admitting>(lane.lane_phase()) || std::holds_alternative<Passing>(lane.lane_phase());
  if (open_phase && lane.authorisations().empty()) return "S5: the lane is open for somebody and has no receipt for it";
  if (verdict_overdue(lane, confirm_timeout, now)) return "S9: somebody waits for a verdict longer than may be";
  return std::nullopt;
}

}  // namespace exitgate
