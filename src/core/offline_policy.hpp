// What the box may admit with no evidence while the backend is away (lane contract §4, "Offline policy").
// Per box and durable: exits counted are read back from their receipts at start. The outage's age and the hour run on
// monotonic time: a wall clock that is set opens and closes nothing. A value.
#pragma once

#include <deque>

#include "core/event.hpp"

namespace exitgate {

class OfflinePolicy {
 public:
  /// A box that has never heard its backend measures the outage from its start.
  OfflinePolicy(const OfflinePolicyConfig& config, const LoadedState& state, const Now& start);
  void set_config(const OfflinePolicyConfig& config) { config_ = config; }

  /// A valid answer or stream event was heard: the outage's age starts again.
  void heard(const Now& now);
  /// Whether one more exit, of `total` where known, keeps within every limit.
  [[nodiscard]] bool admits(bool cart, LaneMode lane_mode, const std::optional<Money>& total, const Now& now) const;
  void count(const std::optional<Money>& total, const Now& now);
  /// The exit counted at `at` was not used: it is none.
  void uncount(MonoTime at);
  /// For the next start: by the clock that judges expiry, and how long ago it is by the monotonic one.
  [[nodiscard]] LastValidAnswer last_heard(MonoTime now) const {
    return {last_heard_, std::chrono::duration_cast<milliseconds>(now - heard_at_)};
  }
  /// The disk is full: nothing is admitted without evidence.
  void set_storage_full(bool full) { storage_full_ = full; }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.config_, self.exits_, self.last_heard_, self.heard_at_, self.storage_full_);
  }

 private:
  struct Exit {
    MonoTime at{};
    std::optional<Money> total;
  };
  [[nodiscard]] std::int64_t amount(const std::optional<Money>& total) const;

  OfflinePolicyConfig config_;
  std::deque<Exit> exits_;  // at most max_exits_per_hour within an hour
  WallTime last_heard_;
  MonoTime heard_at_;
  bool storage_full_ = false;
};

}  // namespace exitgate
