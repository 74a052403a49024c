// Text forms of bytes: hex and base64 (RFC 4648 section 4, with padding). Pure; no allocation beyond the result.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace exitgate {

using Bytes = std::vector<std::uint8_t>;

/// Lower case, two digits a byte.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
/// Either case; nothing for an odd length or another character.
[[nodiscard]] std::optional<Bytes> parse_hex(std::string_view text);

[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);
/// Nothing for wrong length, padding or characters.
[[nodiscard]] std::optional<Bytes> parse_base64(std::string_view text);

}  // namespace exitgate
