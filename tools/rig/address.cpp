#include "tools/rig/address.hpp"

#include <charconv>

namespace exitgate::rig {

Result<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  bool good = colon != std::string_view::npos && colon > 0;
  if (good) {
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    good = error == std::errc{} && end == digits.data() + digits.size() && !digits.empty();
  }
  if (!good) return fail("bad_address", "found \"" + std::string(text) + "\"; expected HOST:PORT");
  return HostPort{std::string(text.substr(0, colon)), port};
}

Result<Address> parse_address(std::string_view text) {
  if (text.starts_with("unix:") && text.size() > 5) return Address{Transport::kUnix, std::string(text.substr(5)), {}};
  if (text.starts_with("pty:") && text.size() > 4) return Address{Transport::kPty, std::string(text.substr(4)), {}};
  if (text.starts_with("tcp:")) {
    const auto where = parse_host_port(text.substr(4));
    if (!where) return fail(where.error());
    return Address{Transport::kTcp, {}, *where};
  }
  return fail("bad_address", "found \"" + std::string(text) + "\"; expected unix:PATH, tcp:HOST:PORT or pty:PATH");
}

}  // namespace exitgate::rig
