// The target of a request taken apart (RFC 9112, section 3.2; RFC 3986). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace exitgate::http {

struct RequestTarget {
  std::string path;                      ///< decoded
  Headers query;                         ///< decoded, '+' is a space
  std::optional<std::string> authority;  ///< of an absolute target: stands above the Host header
};

/// Nothing for a target that is neither "/…" nor "http(s)://…/…" nor "*", or that holds a broken or a control-character
/// escape.
[[nodiscard]] std::optional<RequestTarget> parse_target(std::string_view target);
/// Nothing for a broken escape or one of a control character.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
/// Escapes everything but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace exitgate::http
