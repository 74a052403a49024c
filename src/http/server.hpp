// An HTTP/1.1 server for UNIX sockets, TCP and TLS.
//
// Ownership: the caller owns the server and the io_context, which must outlive it. Responders and event streams may
// outlive the server: calls on them then do nothing. Thread: everything, callbacks included, on the io_context's one
// thread; no call blocks (listen() resolves a host name, at start). Errors: listen() returns them; what a client does
// wrong is answered (400, 408, 413, 431) and its connection closed; a connection that fails is dropped silently.
// Timing: see Limits; all on the monotonic clock. Bounds: connections, header, body and the queue of each event stream;
// requests on one connection are taken one by one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::http {

struct Limits {
  std::size_t max_connections = 64;  ///< further ones are answered 503 (TLS: just closed)
  std::size_t header_bytes = 8192;
  std::size_t body_bytes = 65536;
  std::size_t event_queue_bytes = 262144;     ///< unsent text of one event stream; beyond it the client is disconnected
  std::chrono::milliseconds handshake{5000};  ///< TLS
  std::chrono::milliseconds read{10000};      ///< from the first byte of a request to its last
  std::chrono::milliseconds idle{60000};      ///< between requests
  std::chrono::milliseconds write{15000};     ///< for one answer to be taken
  std::chrono::milliseconds stop_grace{1000};  ///< for answers in flight when the server stops
};

/// A stale socket of that path is removed; one that is in use, or another file there, is an error.
struct UnixListener {
  std::string path;  ///< at most 107 bytes
  unsigned mode = 0660;
};

struct TlsSettings {
  std::string certificate_file;  ///< PEM, the chain
  std::string private_key_file;  ///< PEM
  std::string client_ca_file;    ///< not empty: clients must present a certificate this CA signed
  bool tls13_only = false;       ///< else TLS 1.2 or 1.3
};

struct TcpListener {
  std::string host;        ///< a name or address; IPv6 without brackets
  std::uint16_t port = 0;  ///< 0: any free one, which listen() returns
  std::optional<TlsSettings> tls;
};

struct EventStreamOptions {
  Headers headers;
  std::chrono::milliseconds keepalive{15000};  ///< a comment is sent after that long a silence; 0: never
};

/// A stream of server-sent events to one client (WHATWG HTML, section 9.2). Handles are cheap to copy; when the last is
/// gone the stream ends.
class EventStream {
 public:
  struct Channel;
  EventStream() = default;
  explicit EventStream(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}

  /// Sends one event; empty id or event are left out. False when the stream has ended, or ends now because the client
  /// is too slow.
  bool send(std::string_view id, std::string_view event, std::string_view data) const;
  /// Sends text as it is: it must be whole lines of the format.
  bool send_text(std::string_view text) const;
  [[nodiscard]] bool open() const;
  /// Told once, from the loop, when the stream has ended for any reason but the last handle going. Replaces the
  /// callback before.
  void on_closed(std::function<void()> told) const;
  /// Ends the stream after what is queued.
  void close() const;
  /// Drops the connection at once.
  void abort() const;

 private:
  std::shared_ptr<Channel> channel_;
};

/// The answer to one request, given once, now or later. When the last copy goes away unanswered the client gets 500.
class Responder {
 public:
  struct Exchange;
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

  /// The first of these four calls counts, the others do nothing.
  void respond(Response response) const;
  [[nodiscard]] EventStream start_events(const EventStreamOptions& options = {}) const;
  /// Drops the connection without an answer.
  void abort() const;
  /// Sends the first `bytes` of the answer, header included, then drops the connection.
  void respond_partly(Response response, std::size_t bytes) const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

class ServerCore;

class Server {
 public:
  /// HEAD arrives as "HEAD"; of its answer only the header is sent.
  using Handler = std::function<void(Request, Responder)>;

  Server(boost::asio::io_context& io, Handler handler, Limits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Codes: address_in_use, bad_address, socket_failed.
  [[nodiscard]] Status listen(const UnixListener& listener);
  /// Returns the port. Codes as above, and tls_files.
  [[nodiscard]] Result<std::uint16_t> listen(const TcpListener& listener);

  /// Stops listening, closes idle connections and event streams, lets answers in flight go out for at most stop_grace.
  /// `done` is called from the loop when no connection is left.
  void stop(std::function<void()> done = {});
  [[nodiscard]] std::size_t connections() const;

 private:
  std::shared_ptr<ServerCore> core_;
};

}  // namespace exitgate::http
