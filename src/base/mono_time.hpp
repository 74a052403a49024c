// Monotonic time as a value. Purpose: every time-out and deadline of the product is measured with it.
// The clock type has no now(): time enters from outside (runtime::clock, or a simulator), so code that
// takes a MonoTime can be run under virtual time. Units: microseconds since an arbitrary origin
// (CLOCK_MONOTONIC on a gate).
#pragma once

#include <chrono>
#include <cstdint>

namespace exitgate {

using Duration = std::chrono::microseconds;
using std::chrono::milliseconds;

/// Deliberately without now(); see above.
struct MonoClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock, duration>;
  static constexpr bool is_steady = true;
};

using MonoTime = MonoClock::time_point;

/// A deadline that never comes.
inline constexpr MonoTime kNever = MonoTime::max();

[[nodiscard]] constexpr std::int64_t to_ms(Duration d) {
  return std::chrono::duration_cast<milliseconds>(d).count();
}
[[nodiscard]] constexpr MonoTime mono_from_us(std::int64_t us) { return MonoTime{Duration{us}}; }
[[nodiscard]] constexpr std::int64_t us_since_origin(MonoTime t) { return t.time_since_epoch().count(); }

}  // namespace exitgate
