// Network places as a store file writes them. Pure; names are not looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace exitgate::config {

struct Endpoint {
  std::string host;  ///< name or address; an IPv6 address without its brackets
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "HOST:PORT" or "[IPV6]:PORT"; nothing for any other text.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);
/// An IPv4 or IPv6 address in its usual text form, nothing that has to be looked up.
[[nodiscard]] bool is_address(const std::string& host);
/// 127.0.0.0/8, ::1 or "localhost".
[[nodiscard]] bool is_loopback(std::string_view host);

struct HttpsUrl {
  Endpoint endpoint;      ///< port 443 where the URL has none
  std::string base_path;  ///< empty, or "/…" without a slash at its end
};
/// "https://HOST[:PORT][/PATH]" without user, query or fragment; nothing for any other text.
[[nodiscard]] std::optional<HttpsUrl> parse_https_url(std::string_view text);

}  // namespace exitgate::config
