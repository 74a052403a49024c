// The verdict: from all evidence there is at one instant to admit, refuse or wait (lane contract §4). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/offline_policy.hpp"
#include "core/session_book.hpp"

namespace exitgate {

/// Who stands at the lane and what has been learnt of them.
struct Evidence {
  LaneId lane;
  LaneMode mode = LaneMode::kCart;
  std::optional<CartId> cart;  ///< nothing: a walkout
  SessionTag tag;              ///< of the cart
  bool conflicting = false;    ///< beacon_conflict: admitted on `confirmed` only
  std::optional<ExpectedWalkout> expected;
  const ConfirmAnswer* answer = nullptr;  ///< to the question asked for this presence
  MonoTime asked_at{};
  bool timed_out = false;  ///< that question's time is over
  bool backend_online = true;
  bool signed_passes = true;
};

struct VerdictWait {};
struct VerdictAdmit {
  Basis basis = Basis::kConfirmed;
  SessionTerms terms;
  Flags flags;
  std::optional<ExpectedWalkout> expected;  ///< the entry that was used
  std::optional<Bytes> pass;
};
struct VerdictRefuse {
  ShownReason reason = ShownReason::kSeeStaff;
  std::string_view cause;       ///< for the log: what it was exactly
  bool known_bad_here = false;  ///< the box knows by itself: no question is needed
};
using Verdict = std::variant<VerdictWait, VerdictAdmit, VerdictRefuse>;

[[nodiscard]] Verdict decide(const Evidence& evidence, const SessionBook& book, const OfflinePolicy& policy,
                             const Now& now);

}  // namespace exitgate
