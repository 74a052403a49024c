#include "base/ids.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/encoding.hpp"

namespace exitgate {
namespace {

constexpr std::array<std::size_t, 4> kUuidDashes{8, 13, 18, 23};

bool is_id_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string to_string(const Uuid& id) {
  std::string text = to_hex(id.bytes);
  for (const auto place : kUuidDashes) text.insert(place, 1, '-');
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  digits.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash_here = std::find(kUuidDashes.begin(), kUuidDashes.end(), i) != kUuidDashes.end();
    if (dash_here != (text[i] == '-')) return std::nullopt;
    if (!dash_here) digits.push_back(text[i]);
  }
  const auto bytes = parse_hex(digits);
  if (!bytes) return std::nullopt;
  Uuid id;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

Uuid make_uuid_v7(WallTime at, const std::array<std::uint8_t, 10>& random) {
  Uuid id;
  const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms(at), 0));
  for (std::size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  std::copy(random.begin(), random.end(), id.bytes.begin() + 6);
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x70);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

std::string to_string(const SessionTag& tag) { return to_hex(tag.bytes); }

std::optional<SessionTag> parse_session_tag(std::string_view text) {
  if (text.size() != 12 || std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'F'; })) {
    return std::nullopt;
  }
  const auto bytes = parse_hex(text);
  if (!bytes) return std::nullopt;
  SessionTag tag;
  std::copy(bytes->begin(), bytes->end(), tag.bytes.begin());
  return tag;
}

std::optional<ShortId> ShortId::parse(std::string_view text) {
  if (text.empty() || text.size() > 32 || !std::all_of(text.begin(), text.end(), is_id_character)) return std::nullopt;
  ShortId id;
  std::copy(text.begin(), text.end(), id.text_.begin());
  id.size_ = static_cast<std::uint8_t>(text.size());
  return id;
}

ShortId ShortId::of(std::string_view text) {
  const auto id = parse(text);
  EXITGATE_CHECK(id.has_value());
  return *id;
}

}  // namespace exitgate
