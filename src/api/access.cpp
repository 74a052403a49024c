#include "api/access.hpp"

#include <algorithm>
#include <optional>

namespace exitgate::api {
namespace {

using http::equal_ignoring_case;

struct HostPort {
  std::string_view host;
  std::string_view port;  ///< empty: none
};

/// "name:80", "[::1]:80", without port too.
std::optional<HostPort> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    return HostPort{text.substr(1, end - 1), rest.empty() ? rest : rest.substr(1)};
  }
  const auto colon = std::min(text.find(':'), text.size());
  return HostPort{text.substr(0, colon), colon == text.size() ? std::string_view{} : text.substr(colon + 1)};
}

/// A certificate may be for "*.store.example".
bool name_matches(std::string_view name, std::string_view host) {
  if (equal_ignoring_case(name, host)) return true;
  if (!name.starts_with("*.")) return false;
  const auto dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && equal_ignoring_case(name.substr(1), host.substr(dot));
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return equal_ignoring_case(host, "localhost") || host == "::1" || (numeric && host.starts_with("127."));
}

bool host_is_ours(const http::Request& request, const std::vector<std::string>& names) {
  const auto parts = split(request.header("Host").value_or(""));
  if (!parts) return false;
  const auto named = [&](std::string_view host) {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name_matches(name, host); });
  };
  if (request.peer.transport == http::Transport::kUnix) {
    // Clients put a word of their own or the path there, and there is no port to compare. A site's name has a dot in
    // it, and neither slash nor percent.
    const bool word = parts->host.find_first_of(".:") == std::string_view::npos;
    const bool path = parts->host.find_first_of("/%") != std::string_view::npos;
    return word || path || is_loopback_host(parts->host) || named(parts->host);
  }
  if (parts->host.empty()) return false;
  if (!parts->port.empty() && parts->port != std::to_string(request.peer.local_port)) return false;
  if (parts->host == request.peer.local_address) return true;
  if (request.peer.loopback && is_loopback_host(parts->host)) return true;
  return named(parts->host);
}

bool origin_is_ours(const http::Request& request) {
  const auto origin = request.header("Origin");
  if (!origin) return true;
  const auto scheme_end = origin->find("://");
  if (scheme_end == std::string_view::npos) return false;
  return equal_ignoring_case(origin->substr(scheme_end + 3), request.header("Host").value_or(""));
}

}  // namespace exitgate::api
