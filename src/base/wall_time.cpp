#include "base/wall_time.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace exitgate {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;

constexpr std::int64_t kFirstMs = -62167219200000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t kLastMs = 253402300799999;   // 9999-12-31T23:59:59.999Z

/// Reads fixed-width decimal fields off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  std::optional<int> number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool either(char a, char b) {
    if (rest_.empty() || (rest_[0] != a && rest_[0] != b)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// ".123…": milliseconds, further digits cut off. Nothing read and 0 where no fraction stands.
  std::optional<int> fraction_ms() {
    if (!literal(".")) return 0;
    int value = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      if (digits < 3) value = value * 10 + (rest_[digits] - '0');
      ++digits;
    }
    if (digits == 0) return std::nullopt;
    for (std::size_t i = digits; i < 3; ++i) value *= 10;
    rest_.remove_prefix(digits);
    return value;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::optional<WallTime> assemble(int year, int month, int day, int hour, int minute, int second, int ms) {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto day_ms = std::chrono::duration_cast<milliseconds>(sys_days{date}.time_since_epoch());
  return WallTime{day_ms + std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} +
                  milliseconds{ms}};
}

}  // namespace

std::string to_rfc3339(WallTime t) {
  const milliseconds since{std::clamp(unix_ms(t), kFirstMs, kLastMs)};
  const auto day = std::chrono::floor<days>(since);
  const std::chrono::year_month_day date{sys_days{day}};
  const std::chrono::hh_mm_ss clock{since - day};
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                                 static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader in(text);
  const auto year = in.number(4);
  if (!year || !in.literal("-")) return std::nullopt;
  const auto month = in.number(2);
  if (!month || !in.literal("-")) return std::nullopt;
  const auto day = in.number(2);
  if (!day || !in.either('T', 't')) return std::nullopt;
  const auto hour = in.number(2);
  if (!hour || !in.literal(":")) return std::nullopt;
  const auto minute = in.number(2);
  if (!minute || !in.literal(":")) return std::nullopt;
  const auto second = in.number(2);
  const auto fraction = in.fraction_ms();
  if (!second || !fraction) return std::nullopt;
  const auto local = assemble(*year, *month, *day, *hour, *minute, *second, *fraction);
  if (!local) return std::nullopt;
  if (in.either('Z', 'z')) return in.at_end() ? local : std::nullopt;
  const bool ahead = in.rest().starts_with("+");
  if (!in.either('+', '-')) return std::nullopt;
  const auto offset_h = in.number(2);
  if (!offset_h || !in.literal(":")) return std::nullopt;
  const auto offset_min = in.number(2);
  if (!offset_min || *offset_h > 23 || *offset_min > 59 || !in.at_end()) return std::nullopt;
  const auto offset = std::chrono::hours{*offset_h} + std::chrono::minutes{*offset_min};
  return ahead ? *local - offset : *local + offset;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto comma = text.find(", ");
  if (comma != 3) return std::nullopt;
  Reader in(text.substr(comma + 2));
  const auto day = in.number(2);
  if (!day || !in.literal(" ")) return std::nullopt;
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size() && month == 0; ++i) {
    if (in.literal(kMonths[i])) month = static_cast<int>(i) + 1;
  }
  if (month == 0 || !in.literal(" ")) return std::nullopt;
  const auto year = in.number(4);
  if (!year || !in.literal(" ")) return std::nullopt;
  const auto hour = in.number(2);
  if (!hour || !in.literal(":")) return std::nullopt;
  const auto minute = in.number(2);
  if (!minute || !in.literal(":")) return std::nullopt;
  const auto second = in.number(2);
  if (!second || !in.literal(" GMT") || !in.at_end()) return std::nullopt;
  return assemble(*year, month, *day, *hour, *minute, *second, 0);
}

}  // namespace exitgate
