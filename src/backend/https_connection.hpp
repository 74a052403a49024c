// One HTTPS connection to the backend: opened, verified, asked one request at a time, kept alive, closed.
//
// Ownership: shared; its user closes it (close()) before it goes itself. Thread: loop. Errors: on_closed() exactly once
// with the cause, unless the user closed it; nothing is told after either. Reading never pauses, so that an end by the
// other side is seen at once, also while idle. Timing: connect_timeout for each address and again for the handshake;
// how long an answer may take is the user's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "backend/connection_failure.hpp"
#include "backend/http_reader.hpp"
#include "backend/http_request.hpp"
#include "backend/name_lookup.hpp"
#include "backend/tls_backend_link.hpp"
#include "backend/tls_identity.hpp"

namespace exitgate {

class HttpsConnection;

struct HttpAnswer {
  HttpHead head;
  std::string body;
};

/// What a connection tells its user.
class HttpsUser {
 public:
  /// The handshake is done; requests may be sent. The backend may still refuse our certificate (TLS 1.3 tells late).
  virtual void on_ready(HttpsConnection& connection) = 0;
  /// The backend has taken our certificate.
  virtual void on_proven(HttpsConnection& connection) { static_cast<void>(connection); }
  virtual void on_closed(HttpsConnection& connection, const ConnectionFailure& why) = 0;
  /// A whole answer. The connection closes itself after this (without on_closed) when `answer.head.keep_alive` is
  /// false.
  virtual void on_answer(HttpsConnection& connection, HttpAnswer answer) = 0;
  /// Only of requests sent with kUnbounded: the head, then pieces of the body; on_answer() with an empty body at its
  /// end.
  virtual void on_head(HttpsConnection& connection, const HttpHead& head) {
    static_cast<void>(connection), static_cast<void>(head);
  }
  virtual void on_body(HttpsConnection& connection, std::string piece) {
    static_cast<void>(connection), static_cast<void>(piece);
  }

 protected:
  ~HttpsUser() = default;
};

/// What the link hears of all its connections.
class DialObserver {
 public:
  virtual void on_proven() = 0;    ///< one connection more stands
  virtual void on_unproven() = 0;  ///< one less; told after on_failure
  virtual void on_failure(const ConnectionFailure& why) = 0;
  virtual void on_http_head(const HttpHead& head) = 0;  ///< of any answer

 protected:
  ~DialObserver() = default;
};

/// What all connections of one link share.
struct Dialer {
  Dialer(boost::asio::io_context& io_context, const BackendSettings& link_settings);

  boost::asio::io_context& loop;
  const BackendSettings settings;
  const HttpOrigin origin;
  TlsIdentities identities;
  NameLookup lookup;
  std::size_t last_good_address = 0;
  DialObserver* told = nullptr;  ///< null once the link has stopped
};

class HttpsConnection : public std::enable_shared_from_this<HttpsConnection> {
 public:
  /// Begins to connect; the user is told later, never from within.
  [[nodiscard]] static std::shared_ptr<HttpsConnection> open(std::shared_ptr<Dialer> dialer, HttpsUser& user,
                                                             std::uint64_t id);
  ~HttpsConnection();
  HttpsConnection(const HttpsConnection&) = delete;
  HttpsConnection& operator=(const HttpsConnection&) = delete;

  /// After on_ready, with no answer outstanding.
  void send(const HttpRequest& request, std::size_t body_bytes_max);
  void close();
  [[nodiscard]] std::uint64_t id() const;

 private:
  struct Impl;
  explicit HttpsConnection(std::unique_ptr<Impl> impl);
  void look_up();
  void try_address(std::size_t attempt);
  void shake_hands();
  void ready();
  void prove();
  void read();
  void take(std::string_view bytes);
  void deliver();
  void fail_with(ConnectionFailure why);
  void end();

  std::unique_ptr<Impl> impl_;
};

}  // namespace exitgate
