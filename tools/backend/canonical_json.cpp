#include "tools/backend/canonical_json.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/encoding.hpp"

namespace exitgate::reference {
namespace {

namespace json = boost::json;

constexpr std::int64_t kLargestExact = (std::int64_t{1} << 53) - 1;

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out.push_back(kDigits[byte >> 4]);
          out.push_back(kDigits[byte & 0xf]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

/// Names are sorted by UTF-16 code units (RFC 8785 section 3.2.3), which differs from UTF-8 order beyond the BMP.
std::u16string utf16(std::string_view utf8) {
  std::u16string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < utf8.size(); ++k) {
      code = (code << 6) | (static_cast<unsigned char>(utf8[i + k]) & 0x3fU);
    }
    if (code >= 0x10000) {
      code -= 0x10000;
      out.push_back(static_cast<char16_t>(0xd800 + (code >> 10)));
      out.push_back(static_cast<char16_t>(0xdc00 + (code & 0x3ff)));
    } else {
      out.push_back(static_cast<char16_t>(code));
    }
    i += length;
  }
  return out;
}

bool append(std::string& out, const json::value& value);

bool append_object(std::string& out, const json::object& object) {
  std::vector<std::pair<std::u16string, const json::key_value_pair*>> members;
  for (const auto& member : object) members.emplace_back(utf16(member.key()), &member);
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  out.push_back('{');
  bool first = true;
  for (const auto& [name, member] : members) {
    if (!std::exchange(first, false)) out.push_back(',');
    append_escaped(out, member->key());
    out.push_back(':');
    if (!append(out, member->value())) return false;
  }
  out.push_back('}');
  return true;
}

bool append_array(std::string& out, const json::array& array) {
  out.push_back('[');
  bool first = true;
  for (const auto& element : array) {
    if (!std::exchange(first, false)) out.push_back(',');
    if (!append(out, element)) return false;
  }
  out.push_back(']');
  return true;
}

bool append(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return true;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return true;
    case json::kind::int64:
      if (value.get_int64() > kLargestExact || value.get_int64() < -kLargestExact) return false;
      out += std::to_string(value.get_int64());
      return true;
    case json::kind::uint64:
    case json::kind::double_:
      return false;
    case json::kind::string:
      append_escaped(out, value.get_string());
      return true;
    case json::kind::array:
      return append_array(out, value.get_array());
    case json::kind::object:
      return append_object(out, value.get_object());
  }
  return false;
}

}  // namespace

std::optional<std::string> canonical(const json::value& value) {
  std::string out;
  if (!append(out, value)) return std::nullopt;
  return out;
}

std::string sha256_hex(const std::string& text) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return to_hex(digest);
}

}  // namespace exitgate::reference
