// When the pass keys are fetched: at start until got, then hourly, and on demand at most once a minute. Pure.
#pragma once

#include "backend/backoff.hpp"
#include "backend/link_timing.hpp"
#include "base/mono_time.hpp"

namespace exitgate {

class PassKeySchedule {
 public:
  explicit PassKeySchedule(const BackendTiming& timing)
      : timing_(timing), backoff_(timing.pass_key_retry_first, timing.pass_key_retry_longest) {}

  /// kNever while a fetch is under way.
  [[nodiscard]] MonoTime next_fetch() const { return fetching_ ? kNever : next_; }
  void begun(MonoTime now) {
    fetching_ = true;
    last_begun_ = now;
  }
  void ended(bool got, MonoTime now) {
    fetching_ = false;
    if (got) backoff_.reset();
    next_ = now + (got ? timing_.pass_key_period : backoff_.next());
  }
  /// An unknown key id was seen. What comes within the minute is dropped: passes repeat, and ask again.
  void demanded(MonoTime now) {
    if (!fetching_ && now >= last_begun_ + timing_.pass_key_demand) next_ = now;
  }
  /// The backend is there again: a retry need not wait.
  void backend_returned(MonoTime now) {
    if (!fetching_ && next_ < last_begun_ + timing_.pass_key_period) next_ = now;
  }

 private:
  BackendTiming timing_;
  Backoff backoff_;
  bool fetching_ = false;
  MonoTime last_begun_{Duration{-timing_.pass_key_demand.count()}};
  MonoTime next_{MonoTime::min()};
};

}  // namespace exitgate
