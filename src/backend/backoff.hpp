// Delays between attempts that fail: `first`, doubling to `longest`. Pure value.
#pragma once

#include <algorithm>

#include "base/mono_time.hpp"

namespace exitgate {

class Backoff {
 public:
  Backoff(Duration first, Duration longest) : first_(first), longest_(longest), next_(first) {}

  /// The delay before the next attempt.
  [[nodiscard]] Duration next() {
    const Duration delay = next_;
    next_ = std::min(next_ * 2, longest_);
    return delay;
  }
  void reset() { next_ = first_; }

 private:
  Duration first_;
  Duration longest_;
  Duration next_;
};

}  // namespace exitgate
