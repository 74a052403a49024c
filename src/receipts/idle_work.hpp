// What the store's worker does for the database between what it is asked to: when the log is moved into it, when the
// reserve file is tried again. Pure; the worker's thread and the simulator's worker both go by it.
#pragma once

#include <algorithm>
#include <optional>

#include "base/mono_time.hpp"

namespace exitgate {

class IdleWork {
 public:
  struct State {
    int wal_pages = 0;
    bool storage_low = false;
  };
  struct Due {
    bool checkpoint = false;
    bool reserve = false;
  };

  explicit IdleWork(Duration reserve_retry) : reserve_retry_(reserve_retry) {}

  /// Nobody waits, since `idle_since`: when to look again; kNever: when there is work.
  [[nodiscard]] MonoTime look_at(const State& state, MonoTime idle_since, MonoTime now) {
    note(state, now);
    if (state.wal_pages >= kIdleCheckpointPages) return idle_since + kIdleBeforeCheckpoint;
    return reserve_due_.value_or(kNever);
  }
  /// Nobody has waited since `idle_since`.
  [[nodiscard]] Due when_idle(const State& state, MonoTime idle_since, MonoTime now) {
    note(state, now);
    const bool grown = state.wal_pages >= kIdleCheckpointPages;
    return {.checkpoint = grown && now - idle_since >= kIdleBeforeCheckpoint, .reserve = take_reserve(now)};
  }
  /// Something was done for somebody: what can wait no longer, though others may wait.
  [[nodiscard]] Due after_work(const State& state, MonoTime now) {
    note(state, now);
    return {.checkpoint = state.wal_pages >= kForcedCheckpointPages, .reserve = take_reserve(now)};
  }

 private:
  /// The log is moved into the database when nobody waits, or at the latest when it has grown to this.
  static constexpr int kIdleCheckpointPages = 500;
  static constexpr int kForcedCheckpointPages = 8000;
  static constexpr Duration kIdleBeforeCheckpoint = milliseconds{200};

  /// By the clock, not by how long nothing came: housekeeping comes more often than that.
  void note(const State& state, MonoTime now) {
    if (!state.storage_low) reserve_due_.reset();
    if (state.storage_low && !reserve_due_) reserve_due_ = now + reserve_retry_;
  }
  [[nodiscard]] bool take_reserve(MonoTime now) {
    if (!reserve_due_ || now < *reserve_due_) return false;
    reserve_due_ = now + reserve_retry_;
    return true;
  }

  Duration reserve_retry_;
  std::optional<MonoTime> reserve_due_;
};

}  // namespace exitgate
