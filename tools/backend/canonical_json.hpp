// RFC 8785 (JSON Canonicalization Scheme) for receipts, whose numbers are all integers. Written apart from the gate's
// own encoder, so that one checks the other. Pure.
#pragma once

#include <optional>
#include <string>

namespace boost::json {
class value;
}

namespace exitgate::reference {

/// Nothing when the value holds a number that is no integer or beyond 2^53 (RFC 8785 appendix D, I-JSON).
[[nodiscard]] std::optional<std::string> canonical(const boost::json::value& value);

/// 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(const std::string& text);

}  // namespace exitgate::reference
