// Which of the newest receipts count for the offline policy's hour after a restart. Pure. Ownership: value, one per
// walk.
//
// A stamp of a clock that was not synchronised says nothing of when it was: such an exit counts as if just made. Among
// themselves these stamps tell: what lies over an hour before the newest of them is over, also when the box was started
// again at 1970 meanwhile.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/persist.hpp"

namespace exitgate {

class OfflineExitsFound {
 public:
  explicit OfflineExitsFound(WallTime now) : since_(now - kWindow) {}

  /// Receipts newest first. False: no older one can count.
  [[nodiscard]] bool take(const Receipt& receipt) {
    const auto at = receipt.authorised_at;
    const auto since = receipt.clock_synchronised ? since_ : unsynchronised_since(at);
    // Another hour, for a clock that was set meanwhile.
    if (receipt.ended_at && *receipt.ended_at < since - kWindow) return false;
    const bool counts = receipt.basis == Basis::kOfflinePolicy && receipt.outcome != Outcome::kNotUsed;
    if (counts && at > since) found_.push_back({at, receipt.total, receipt.clock_synchronised});
    return true;
  }

  /// Oldest first.
  [[nodiscard]] std::vector<OfflineExit> found() && {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.authorised_at < b.authorised_at; });
    return std::move(found_);
  }

 private:
  static constexpr std::chrono::hours kWindow{1};
  [[nodiscard]] WallTime unsynchronised_since(WallTime at) {
    newest_unsynchronised_ = std::max(newest_unsynchronised_.value_or(at), at);
    return *newest_unsynchronised_ - kWindow;
  }

  WallTime since_;
  std::optional<WallTime> newest_unsynchronised_;
  std::vector<OfflineExit> found_;
};

}  // namespace exitgate
