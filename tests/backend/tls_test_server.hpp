// A TLS server on loopback whose every answer is a script of the test: slow, broken, hostile or right.
//
// One thread accepts, one per connection runs the script, both blocking: that keeps scripts plain. The script is
// called for every request and returns what becomes of the connection; it sees the server's counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "test_certificates.hpp"

namespace exitgate::testing {

struct ServerSettings {
  CertificateFiles certificate;
  std::string client_ca_file;  ///< empty: no client certificate is asked for
  bool tls12_only = false;
  bool tickets = true;
  std::uint16_t port = 0;  ///< 0: any
};

struct Request {
  std::string method;
  std::string target;
  std::string head;  ///< all lines up to the blank one
  std::string body;
  bool resumed = false;          ///< the TLS session was
  std::uint64_t connection = 0;  ///< 1, 2, 3, …
};

/// The connection as the script sees it. Writes to a dead connection are lost without a word.
class ServerStream {
 public:
  virtual ~ServerStream() = default;
  virtual void write(std::string_view bytes) = 0;
  void answer(int status, std::string_view body, std::string_view more_headers = "");
  /// Waits until `ms` have passed, the peer has gone or the server stops; false in the latter two cases.
  virtual bool wait_ms(int ms) = 0;
};

enum class After : std::uint8_t {
  kKeep,
  kClose,
  kReset,
  kGoodbye
};  ///< kClose: FIN without close_notify; kGoodbye: with

using Script = std::function<After(const Request&, ServerStream&)>;

class TlsTestServer {
 public:
  TlsTestServer(ServerSettings settings, Script script);
  ~TlsTestServer();
  TlsTestServer(const TlsTestServer&) = delete;
  TlsTestServer& operator=(const TlsTestServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] int connections() const;  ///< accepted so far
  [[nodiscard]] int open() const;         ///< standing now, handshake done
  [[nodiscard]] int resumed() const;
  /// Closes every connection, as a restart of the backend does.
  void drop_all();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace exitgate::testing
