// Wall-clock time as a value: stamps records and judges expiry, never measures a time-out.
// Like MonoTime it has no now(). Units: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace exitgate {

struct WallClock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock, duration>;
  static constexpr bool is_steady = false;
};

using WallTime = WallClock::time_point;

[[nodiscard]] constexpr WallTime wall_from_ms(std::int64_t unix_ms) { return WallTime{std::chrono::milliseconds{unix_ms}}; }
[[nodiscard]] constexpr WallTime wall_from_s(std::int64_t unix_s) { return wall_from_ms(unix_s * 1000); }
[[nodiscard]] constexpr std::int64_t unix_ms(WallTime t) { return t.time_since_epoch().count(); }
/// Rounded down, also before 1970.
[[nodiscard]] constexpr std::int64_t unix_s(WallTime t) {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

/// RFC 3339, UTC, always with three digits of milliseconds: "2026-10-26T05:33:20.000Z".
/// Years outside 0000–9999 are clamped to that range.
[[nodiscard]] std::string to_rfc3339(WallTime t);

/// Accepts RFC 3339 section 5.6 date-times with any offset and any number of fraction digits
/// (further digits than milliseconds are cut off); a leap second reads as the second after.
/// Returns nothing for any other text.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

/// IMF-fixdate of RFC 9110 section 5.6.7 ("Sun, 06 Nov 1994 08:49:37 GMT"), as in HTTP Date and Retry-After.
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace exitgate
