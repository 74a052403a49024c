// HTTP requests and answers as values. Used by the server, by whoever answers, and by tests; no library behind them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace exitgate::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

enum class Transport : std::uint8_t { kUnix, kTcp, kTls };

/// Who asks, as far as the transport knows it.
struct Peer {
  Transport transport = Transport::kTcp;
  std::optional<std::uint32_t> uid;                    ///< UNIX socket: SO_PEERCRED
  std::optional<std::string> certificate_common_name;  ///< TLS with a verified client certificate
  std::string address;                                 ///< "192.168.1.7", "::1"; "unix" for a UNIX socket
  std::string local_address;                           ///< the end the peer connected to
  std::uint16_t local_port = 0;
  bool loopback = false;  ///< the peer's address is 127.0.0.0/8 or ::1
};

struct Request {
  std::string method;  ///< as sent: "GET"
  std::string target;  ///< as sent: "/a%20b?c=d"
  std::string path;    ///< decoded: "/a b"
  Headers query;       ///< decoded, in order
  Headers headers;     ///< in order, names as sent
  std::string body;
  Peer peer;

  /// The first header of that name, in any case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  /// The first query parameter of exactly that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

struct Response {
  unsigned status = 200;
  std::string content_type;  ///< empty: no Content-Type
  Headers headers;           ///< a "Date" here replaces the server's own
  std::string body;
  bool close = false;  ///< close the connection afterwards
};

/// Compares header names and the like: ASCII letters in any case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

/// {"error":{"code":…,"message":…}} as application/json.
[[nodiscard]] Response error_response(unsigned status, std::string_view code, std::string_view message);

}  // namespace exitgate::http
