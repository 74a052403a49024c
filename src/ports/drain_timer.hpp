// Port: the one timer the upload of receipts needs, and the time.
//
// Ownership: the caller's; it must outlive who arms it. Thread: the loop's. Errors: none.
#pragma once

#include <functional>

#include "base/mono_time.hpp"

namespace exitgate {

class DrainTimer {
 public:
  virtual ~DrainTimer() = default;
  [[nodiscard]] virtual MonoTime now() const = 0;
  /// Calls `fire` once at `at` (at once if that is past), never from within arm(); replaces what was armed before.
  virtual void arm(MonoTime at, std::function<void()> fire) = 0;
  virtual void cancel() = 0;
};

}  // namespace exitgate
