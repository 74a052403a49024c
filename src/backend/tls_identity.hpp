// Who we are and whom we trust, as an OpenSSL context; and the sessions to resume. Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace boost::asio::ssl {
class context;
}
using SSL = struct ssl_st;
using SSL_SESSION = struct ssl_session_st;

namespace exitgate {

struct TlsFiles {
  std::string ca_file;
  std::string certificate_file;
  std::string private_key_file;
};

/// One loaded set of files. A new set is a new identity, with no sessions of the old.
class TlsIdentity {
 public:
  /// Code "backend_files"; the message names the file and what to do.
  [[nodiscard]] static Result<std::shared_ptr<TlsIdentity>> load(const TlsFiles& files);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  [[nodiscard]] boost::asio::ssl::context& context() { return *context_; }
  /// Prepares a connection before its handshake: host name or address to verify, and a session to resume if one is at
  /// hand. `on_ticket(argument)` is called within the connection's reads when the peer gives a session, which it does
  /// only after it has taken our certificate (RFC 8446 section 4.6.1). True: a session is offered.
  bool prepare(SSL* ssl, const std::string& host, void (*on_ticket)(void*), void* argument);
  /// A handshake with an offered session failed: they may all be bad.
  void forget_sessions();

 private:
  TlsIdentity();
  static int take_ticket(SSL* ssl, SSL_SESSION* session);
  SSL_SESSION* pop_session();

  std::unique_ptr<boost::asio::ssl::context> context_;
  std::vector<SSL_SESSION*> sessions_;  ///< owned; a TLS 1.3 ticket is used once
};

/// The identity of the files as they are now; reads them again when one has changed.
class TlsIdentities {
 public:
  explicit TlsIdentities(TlsFiles files) : files_(std::move(files)) {}
  [[nodiscard]] Result<std::shared_ptr<TlsIdentity>> current();

 private:
  TlsFiles files_;
  std::string stamp_;
  std::shared_ptr<TlsIdentity> identity_;
};

}  // namespace exitgate
