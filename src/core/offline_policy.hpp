// What the box may admit with no evidence while the backend is away (lane contract §4, "Offline policy").
// Per box and durable: exits counted are read back from their receipts at start. A value.
#pragma once

#include <deque>

#include "core/event.hpp"

namespace exitgate {

class OfflinePolicy {
 public:
  /// A box that has never heard its backend measures the outage from its start. What is durable has the age that the
  /// wall clock gives it then; what is dated in the future is new.
  OfflinePolicy(const OfflinePolicyConfig& config, const LoadedState& state, const Now& start);
  void set_config(const OfflinePolicyConfig& config) { config_ = config; }

  /// A valid answer or stream event was heard: the outage's age starts again.
  void heard(const Now& now);
  /// Whether one more exit, of `total` where known, keeps within every limit.
  [[nodiscard]] bool admits(bool cart, LaneMode lane_mode, const std::optional<Money>& total, const Now& now) const;
  void count(const std::optional<Money>& total, const Now& now);
  [[nodiscard]] WallTime last_heard() const { return last_heard_; }
  /// The disk is full: nothing is admitted without evidence.
  void set_storage_full(bool full) { storage_full_ = full; }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.config_, self.exits_, self.last_heard_, self.heard_at_, self.storage_full_);
  }

 private:
  [[nodiscard]] std::int64_t amount(const std::optional<Money>& total) const;

  OfflinePolicyConfig config_;
  /// Ages go on by the monotonic clock, so that setting the wall clock neither ends an outage nor opens a limit again.
  struct Exit {
    MonoTime at{};
    std::optional<Money> total;
  };
  std::deque<Exit> exits_;  // at most max_exits_per_hour within an hour
  WallTime last_heard_;     ///< to be stored
  MonoTime heard_at_{};
  bool storage_full_ = false;
};

}  // namespace exitgate
