// The time of a step together with the earliest deadline that was looked at and had not come yet. Code that
// waits for a time asks due(t); whatever it asked about and was told "not yet" is when it must be run again,
// so a deadline can't be forgotten.
#pragma once

#include <algorithm>

#include "core/event.hpp"

namespace exitgate {

class Wake {
 public:
  explicit Wake(const Now& now) : now_(now) {}

  [[nodiscard]] const Now& now() const { return now_; }
  [[nodiscard]] MonoTime mono() const { return now_.mono; }
  /// Whether `t` has come; if not, the step is run again at `t`.
  bool due(MonoTime t) {
    if (now_.mono >= t) return true;
    earliest_ = std::min(earliest_, t);
    return false;
  }
  /// Whether `span` has gone by since `start`; false where nothing started.
  bool past(std::optional<MonoTime> start, Duration span) { return start && due(*start + span); }
  [[nodiscard]] MonoTime earliest() const { return earliest_; }
  void forget() { earliest_ = kNever; }

 private:
  Now now_;
  MonoTime earliest_ = kNever;
};

}  // namespace exitgate
