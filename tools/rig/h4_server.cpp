#include "tools/rig/h4_server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "tools/rig/pty.hpp"

namespace exitgate::rig {
namespace asio = boost::asio;
using asio::ip::tcp;
using unix_domain = asio::local::stream_protocol;
namespace {

constexpr std::size_t kMaxUnread = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kAllowReopen{200};

}  // namespace

struct H4Server::Wire : std::enable_shared_from_this<Wire> {
  Wire(asio::io_context& context, HciController& attached)
      : io(context),
        controller(attached),
        tcp_acceptor(context),
        unix_acceptor(context),
        port(context),
        reopen(context) {}

  template <class Acceptor, class Socket>
  void accept(Acceptor& acceptor, std::shared_ptr<Socket> socket) {
    acceptor.async_accept(*socket, [self = shared_from_this(), &acceptor, socket](auto error) {
      if (self->stopped) return;
      if (!error && self->plugged && !self->port.is_open()) self->begin(socket->release());
      self->accept(acceptor, std::make_shared<Socket>(self->io));
    });
  }

  void begin(int descriptor) {
    boost::system::error_code error;
    port.assign(descriptor, error);
    if (error) {
      ::close(descriptor);
      return;
    }
    ++connection;
    unsent.clear();
    sending.clear();
    read();
  }

  void read() {
    port.async_read_some(asio::buffer(chunk),
                         [self = shared_from_this(), of = connection](auto error, std::size_t size) {
                           if (self->stopped || of != self->connection) return;
                           if (error) return self->hang_up();
                           if (self->pty) self->pty->allow_reopen();
                           self->send(self->controller.receive({self->chunk.data(), size}));
                           self->read();
                         });
  }

  void send(const Bytes& bytes) {
    unsent.insert(unsent.end(), bytes.begin(), bytes.end());
    if (unsent.empty() || !sending.empty() || !port.is_open()) return;
    sending.swap(unsent);
    asio::async_write(port, asio::buffer(sending),
                      [self = shared_from_this(), of = connection](auto error, std::size_t) {
                        if (self->stopped || of != self->connection) return;
                        self->sending.clear();
                        if (error) return self->hang_up();
                        self->send({});
                      });
  }

  void hang_up() {
    if (pty) return;  // nobody hangs up on a serial line
    boost::system::error_code ignored;
    port.close(ignored);
    ++connection;
  }

  void keep_reopenable() {
    reopen.expires_after(kAllowReopen);
    reopen.async_wait([self = shared_from_this()](auto error) {
      if (error || self->stopped) return;
      self->pty->allow_reopen();
      self->keep_reopenable();
    });
  }

  Status listen_tcp(const HostPort& where) {
    boost::system::error_code error;
    const auto host = asio::ip::make_address(where.host, error);
    const tcp::endpoint endpoint(host, where.port);
    if (!error) tcp_acceptor.open(endpoint.protocol(), error);
    if (!error) tcp_acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) tcp_acceptor.bind(endpoint, error);
    if (!error) tcp_acceptor.listen(1, error);
    if (error) return fail("listen_failed", "receiver: cannot listen on " + where.host + ": " + error.message());
    accept(tcp_acceptor, std::make_shared<tcp::socket>(io));
    return {};
  }

  Status listen_unix(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path.c_str());
    boost::system::error_code error;
    unix_acceptor.open(unix_domain(), error);
    try {
      if (!error) unix_acceptor.bind(unix_domain::endpoint(path), error);
    } catch (const boost::system::system_error&) {
      return fail("listen_failed", "receiver: path too long for a socket: " + path + "; use one under 100 characters");
    }
    if (!error) unix_acceptor.listen(1, error);
    if (error) return fail("listen_failed", "receiver: cannot listen on " + path + ": " + error.message());
    socket_path = path;
    accept(unix_acceptor, std::make_shared<unix_domain::socket>(io));
    return {};
  }

  Status listen_pty(const std::string& path) {
    auto made = Pty::make(path);
    if (!made) return fail(made.error().within("receiver"));
    pty.emplace(std::move(*made));
    begin(::dup(pty->master()));
    keep_reopenable();
    return {};
  }

  asio::io_context& io;
  HciController& controller;
  tcp::acceptor tcp_acceptor;
  unix_domain::acceptor unix_acceptor;
  asio::posix::stream_descriptor port;
  asio::steady_timer reopen;
  std::optional<Pty> pty;
  std::string socket_path;
  std::array<std::uint8_t, 1024> chunk{};
  Bytes unsent;
  Bytes sending;
  std::uint64_t connection = 0;
  bool plugged = true;
  bool stopped = false;
};

H4Server::H4Server(asio::io_context& io, HciController& controller) : wire_(std::make_shared<Wire>(io, controller)) {}

H4Server::~H4Server() {
  wire_->stopped = true;
  boost::system::error_code ignored;
  wire_->tcp_acceptor.close(ignored);
  wire_->unix_acceptor.close(ignored);
  wire_->port.close(ignored);
  wire_->reopen.cancel();
  if (!wire_->socket_path.empty()) ::unlink(wire_->socket_path.c_str());
  wire_->pty.reset();
}

Status H4Server::listen(const Address& address) {
  switch (address.transport) {
    case Transport::kUnix:
      return wire_->listen_unix(address.path);
    case Transport::kTcp:
      return wire_->listen_tcp(address.tcp);
    case Transport::kPty:
      break;
  }
  return wire_->listen_pty(address.path);
}

std::uint16_t H4Server::port() const {
  boost::system::error_code error;
  const auto endpoint = wire_->tcp_acceptor.local_endpoint(error);
  return error ? std::uint16_t{0} : endpoint.port();
}

void H4Server::hear(const Advert& advert) {
  const bool room = wire_->port.is_open() && wire_->plugged && wire_->unsent.size() < kMaxUnread;
  if (room) wire_->send(wire_->controller.hear(advert));
}

void H4Server::plug(bool connected) {
  wire_->plugged = connected;
  if (!connected) wire_->hang_up();
}

}  // namespace exitgate::rig
