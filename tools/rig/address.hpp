// Addresses as the rig's files and options write them: "HOST:PORT", "unix:PATH", "tcp:HOST:PORT", "pty:PATH". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace exitgate::rig {

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

enum class Transport : std::uint8_t { kUnix, kTcp, kPty };
struct Address {
  Transport transport = Transport::kUnix;
  std::string path;  ///< unix, pty
  HostPort tcp;
};
[[nodiscard]] Result<Address> parse_address(std::string_view text);

}  // namespace exitgate::rig
