// Which of the newest receipts count for the offline policy's hour after a restart. Pure. Ownership: value, one per
// walk.
//
// A stamp of a clock that was not synchronised says nothing of when it was: such an exit counts as if just made, unless
// the receipts since tell of an hour: from one to the next by the same clock, where the step is no more than an hour (a
// longer one may be a clock that was set, or a start at 1970).
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
    const bool same_clock = earliest_ && earliest_->synchronised == receipt.clock_synchronised;
    const auto step = same_clock ? earliest_->at - at : std::chrono::milliseconds::max();
    if (step > kWindow || step < -kWindow) {
      earliest_ = {at, receipt.clock_synchronised};
    } else if (step > std::chrono::milliseconds{0}) {
      // Lanes seal in another order than they admit: one that began later than the one behind it tells nothing more.
      told_ += step;
      earliest_->at = at;
    }
    // Another hour, for a clock that was set meanwhile.
    if (told_ > 2 * kWindow) return false;
    if (receipt.clock_synchronised && at < since_ - kWindow) return false;
    const bool counts = receipt.basis == Basis::kOfflinePolicy && receipt.outcome != Outcome::kNotUsed;
    const bool recent = receipt.clock_synchronised ? at > since_ : told_ <= kWindow;
    if (counts && recent) found_.push_back({at, receipt.total, receipt.clock_synchronised});
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
  struct Stamp {
    WallTime at{};
    bool synchronised = true;
  };

  WallTime since_;
  std::optional<Stamp> earliest_;      ///< by the clock of the receipt before
  std::chrono::milliseconds told_{0};  ///< between the newest receipt and this one, at least
  std::vector<OfflineExit> found_;
};

}  // namespace exitgate
