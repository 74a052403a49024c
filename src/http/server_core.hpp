// What listeners and connections of one server share. Internal to http/; owned jointly by the server and its
// connections.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "http/byte_stream.hpp"
#include "http/listen_socket.hpp"
#include "http/server.hpp"
#include "http/tls_context.hpp"

namespace exitgate::http {

class Connection;

class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(boost::asio::io_context& io, Server::Handler handler, Limits limits);

  [[nodiscard]] Status add(ListenSocket socket, std::shared_ptr<TlsContext> tls, std::string unix_path);
  void stop(std::function<void()> done);
  /// The server is gone: no handler is called any more.
  void abandon();

  void left(const std::shared_ptr<Connection>& connection);

  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] std::size_t connection_count() const { return connections_.size(); }
  void handle(Request request, Responder responder);

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
  struct Listener {
    Acceptor acceptor;
    boost::asio::steady_timer pause;
    std::shared_ptr<TlsContext> tls;
    std::string unix_path;
    unsigned long inode = 0;
  };

  void accept(const std::shared_ptr<Listener>& listener);
  void accepted(const std::shared_ptr<Listener>& listener, StreamSocket socket);
  void close_listeners();
  void tell_if_stopped();

  boost::asio::io_context& io_;
  Server::Handler handler_;
  Limits limits_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  boost::asio::steady_timer stop_timer_;
  std::function<void()> stopped_;
  bool stopping_ = false;
};

}  // namespace exitgate::http
