// When the pass keys are fetched: at start until got, then hourly, and on demand at most once a minute. Pure.
#pragma once

#include <algorithm>

#include "backend/backoff.hpp"
#include "backend/link_timing.hpp"
#include "base/mono_time.hpp"

namespace exitgate {

class PassKeySchedule {
 public:
  explicit PassKeySchedule(const BackendTiming& timing)
      : timing_(timing), backoff_(timing.pass_key_retry_first, timing.pass_key_retry_longest) {}

  /// kNever while a fetch is under way.
  [[nodiscard]] MonoTime next_fetch() const { return fetching_ ? kNever : std::min(next_, demand_due_); }
  void begun(MonoTime now) {
    fetching_ = true;
    last_begun_ = now;
    if (demand_due_ <= now) next_demand_ = now + timing_.pass_key_demand;
    demand_due_ = kNever;  // any fetch serves it
  }
  void ended(bool got, MonoTime now) {
    fetching_ = false;
    if (got) backoff_.reset();
    next_ = now + (got ? timing_.pass_key_period : backoff_.next());
  }
  /// An unknown key id was seen. What comes within a minute of the last fetch on demand is kept until that is over;
  /// fetches at start, hourly or again after a failure put nothing off: the key may be younger than they are. What
  /// comes during a fetch is dropped: passes repeat, and ask again where that did not bring the key.
  void demanded(MonoTime now) {
    if (!fetching_) demand_due_ = std::min(demand_due_, std::max(now, next_demand_));
  }
  /// The backend is there again: a retry need not wait.
  void backend_returned(MonoTime now) {
    if (!fetching_ && next_ < last_begun_ + timing_.pass_key_period) next_ = now;
  }

 private:
  BackendTiming timing_;
  Backoff backoff_;
  bool fetching_ = false;
  MonoTime last_begun_{};
  MonoTime next_{MonoTime::min()};
  MonoTime demand_due_ = kNever;
  MonoTime next_demand_{MonoTime::min()};  ///< the earliest fetch on demand
};

}  // namespace exitgate
