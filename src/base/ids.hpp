// Identifiers of the product's contracts as small values: UUIDs, session tags, lane ids.
// All are cheap to copy, ordered and hashable; none owns memory.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/wall_time.hpp"

namespace exitgate {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool is_nil() const { return bytes == std::array<std::uint8_t, 16>{}; }
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", lower case.
[[nodiscard]] std::string to_string(const Uuid& id);
/// Accepts the 36-character form in either case; anything else is nothing.
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);
/// A UUIDv7 (RFC 9562 section 5.7) of the given time; `random` gives the other 74 bits.
[[nodiscard]] Uuid make_uuid_v7(WallTime at, const std::array<std::uint8_t, 10>& random);

using CartId = std::uint32_t;

/// Random per session, given to the cart by the backend; all zero: the cart is idle.
struct SessionTag {
  std::array<std::uint8_t, 6> bytes{};

  [[nodiscard]] bool is_zero() const { return bytes == std::array<std::uint8_t, 6>{}; }
  friend auto operator<=>(const SessionTag&, const SessionTag&) = default;
};

/// 12 lower-case hex digits.
[[nodiscard]] std::string to_string(const SessionTag& tag);
/// Exactly 12 lower-case hex digits; anything else is nothing.
[[nodiscard]] std::optional<SessionTag> parse_session_tag(std::string_view text);

/// A lane's, gate's or device's name: [A-Za-z0-9._-]{1,32}, held in place.
class ShortId {
 public:
  ShortId() = default;
  /// Nothing unless `text` has the form above.
  [[nodiscard]] static std::optional<ShortId> parse(std::string_view text);
  /// For literals in code and tests; a text of another form is a programming error and aborts.
  [[nodiscard]] static ShortId of(std::string_view text);

  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  friend auto operator<=>(const ShortId&, const ShortId&) = default;

 private:
  std::array<char, 32> text_{};
  std::uint8_t size_ = 0;
};

using LaneId = ShortId;

}  // namespace exitgate

template <>
struct std::hash<exitgate::Uuid> {
  std::size_t operator()(const exitgate::Uuid& id) const noexcept {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, id.bytes.data(), 8);
    std::memcpy(&b, id.bytes.data() + 8, 8);
    return std::hash<std::uint64_t>{}(a ^ (b * 0x9e3779b97f4a7c15ULL));
  }
};

template <>
struct std::hash<exitgate::SessionTag> {
  std::size_t operator()(const exitgate::SessionTag& tag) const noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, tag.bytes.data(), tag.bytes.size());
    return std::hash<std::uint64_t>{}(value);
  }
};
