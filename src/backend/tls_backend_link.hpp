// The backend over HTTPS: TLS 1.3 only, mutual, HTTP/1.1 kept alive (backend contract).
//
// Ownership: the caller owns the link and the io_context, which must outlive it. Thread: the io_context's one thread
// for all calls and callbacks; a host name is looked up on a thread of its own. Errors: see ports/backend_link.hpp. The
// certificate files are read again whenever they change, so a renewed certificate needs no restart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "backend/link_timing.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/wall_time.hpp"
#include "ports/backend_link.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate {

struct BackendSettings {
  std::string host;  ///< name or address, without brackets
  std::uint16_t port = 443;
  std::string base_path;  ///< of the URL; empty or "/…"
  std::string ca_file;    ///< PEM; nothing else is trusted
  std::string certificate_file;
  std::string private_key_file;
  ShortId store_id;
  ShortId gate_id;
  Duration connect_timeout = milliseconds{1000};  ///< for reaching an address, and again for the handshake
  Duration confirm_timeout = milliseconds{800};
  std::string user_agent = "exitgate";
  BackendTiming timing{};
  /// Told for every answered question, from ask() to the whole answer: the metric confirm_seconds. May be empty.
  std::function<void(Duration latency)> on_confirm_latency;
};

/// Reads the three files. Code "backend_files": one cannot be read, is no certificate or key, or they do not fit.
[[nodiscard]] Result<std::unique_ptr<BackendLink>> make_tls_backend_link(boost::asio::io_context& loop,
                                                                         BackendSettings settings);

/// When the first certificate in a PEM file ends to be valid (fault certificate_expiry). Code "backend_files".
[[nodiscard]] Result<WallTime> certificate_not_after(const std::string& path);

}  // namespace exitgate
