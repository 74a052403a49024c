#include "http/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "http/connection.hpp"
#include "http/message_text.hpp"
#include "http/server_core.hpp"

namespace exitgate::http {
namespace asio = boost::asio;
namespace {

/// Out of descriptors: the next accept would fail at once again.
constexpr std::chrono::milliseconds kAcceptPause{100};

unsigned long inode_of(const std::string& path) {
  struct stat found {};
  return !path.empty() && lstat(path.c_str(), &found) == 0 ? found.st_ino : 0;
}

}  // namespace

ServerCore::ServerCore(asio::io_context& io, Server::Handler handler, Limits limits)
    : io_(io), handler_(std::move(handler)), limits_(limits), stop_timer_(io) {}

Status ServerCore::add(ListenSocket socket, std::shared_ptr<TlsContext> tls, std::string unix_path) {
  auto listener = std::make_shared<Listener>(
      Listener{Acceptor(io_), asio::steady_timer(io_), std::move(tls), unix_path, inode_of(unix_path)});
  error_code error;
  listener->acceptor.assign(asio::generic::stream_protocol(socket.family, 0), socket.fd.get(), error);
  if (error) return fail("socket_failed", "Can't watch the listening socket: " + error.message());
  (void)socket.fd.release();
  listeners_.push_back(listener);
  accept(listener);
  return {};
}

void ServerCore::accept(const std::shared_ptr<Listener>& listener) {
  listener->acceptor.async_accept([self = shared_from_this(), listener](error_code error, StreamSocket socket) {
    if (error == asio::error::operation_aborted || self->stopping_) return;
    if (!error) {
      self->accepted(listener, std::move(socket));
      self->accept(listener);
      return;
    }
    listener->pause.expires_after(kAcceptPause);
    listener->pause.async_wait([self, listener](error_code aborted) {
      if (!aborted && !self->stopping_) self->accept(listener);
    });
  });
}

void ServerCore::accepted(const std::shared_ptr<Listener>& listener, StreamSocket socket) {
  if (connections_.size() >= limits_.max_connections) {
    if (!listener->tls) {
      const auto text =
          answer_text(error_response(503, "too_many_connections", "Too many connections are open; try again later"),
                      {.keep_alive = false}, http_date(std::chrono::system_clock::now()));
      // Best effort: it fits the empty socket buffer, and nobody waits for it.
      (void)::send(socket.native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return;
  }
  auto stream =
      listener->tls ? make_tls_stream(std::move(socket), *listener->tls) : make_plain_stream(std::move(socket));
  auto connection = std::make_shared<Connection>(std::move(stream), listener->tls, shared_from_this());
  connections_.insert(connection);
  connection->start();
}

void ServerCore::close_listeners() {
  for (const auto& listener : listeners_) {
    error_code ignored;
    listener->acceptor.close(ignored);
    listener->pause.cancel();
    // Another daemon may have put its own socket there meanwhile.
    if (listener->inode != 0 && inode_of(listener->unix_path) == listener->inode) unlink(listener->unix_path.c_str());
  }
  listeners_.clear();
}

void ServerCore::stop(std::function<void()> done) {
  if (stopping_) return;
  stopping_ = true;
  stopped_ = std::move(done);
  close_listeners();
  // Stopping or closing one takes it out of the set.
  for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->stop();
  stop_timer_.expires_after(limits_.stop_grace);
  stop_timer_.async_wait([self = shared_from_this()](error_code aborted) {
    if (aborted) return;
    for (const auto& connection : std::vector(self->connections_.begin(), self->connections_.end()))
      connection->close();
  });
  tell_if_stopped();
}

void ServerCore::abandon() {
  stopping_ = true;
  handler_ = nullptr;
  stopped_ = nullptr;
  stop_timer_.cancel();
  close_listeners();
  for (const auto& connection : std::vector(connections_.begin(), connections_.end())) connection->close();
}

void ServerCore::left(const std::shared_ptr<Connection>& connection) {
  if (connections_.erase(connection) != 0) tell_if_stopped();
}

void ServerCore::tell_if_stopped() {
  if (!stopping_ || !connections_.empty()) return;
  stop_timer_.cancel();
  if (stopped_) asio::post(io_, std::exchange(stopped_, nullptr));
}

void ServerCore::handle(Request request, Responder responder) {
  if (handler_) {
    // The handler may destroy the server.
    const auto handler = handler_;
    handler(std::move(request), std::move(responder));
  } else {
    responder.abort();
  }
}

Server::Server(asio::io_context& io, Handler handler, Limits limits)
    : core_(std::make_shared<ServerCore>(io, std::move(handler), limits)) {}
Server::~Server() { core_->abandon(); }

Status Server::listen(const UnixListener& listener) {
  auto socket = listen_on_unix(listener);
  if (!socket) return fail(socket.error());
  return core_->add(std::move(*socket), nullptr, listener.path);
}

Result<std::uint16_t> Server::listen(const TcpListener& listener) {
  std::shared_ptr<TlsContext> tls;
  if (listener.tls) {
    auto loaded = TlsContext::load(*listener.tls);
    if (!loaded) return fail(loaded.error());
    tls = std::move(*loaded);
  }
  auto socket = listen_on_tcp(listener.host, listener.port);
  if (!socket) return fail(socket.error());
  const std::uint16_t port = socket->port;
  if (auto status = core_->add(std::move(*socket), std::move(tls), ""); !status) return fail(status.error());
  return port;
}

void Server::stop(std::function<void()> done) { core_->stop(std::move(done)); }
std::size_t Server::connections() const { return core_->connection_count(); }

}  // namespace exitgate::http
