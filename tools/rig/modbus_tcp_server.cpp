#include "tools/rig/modbus_tcp_server.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <set>

#include "tools/rig/address.hpp"
#include "tools/rig/steady_now.hpp"

namespace exitgate::rig {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr std::size_t kHeaderSize = 7;
constexpr std::size_t kMaxClients = 8;
constexpr std::uint8_t kTargetFailedToRespond = 0x0B;

}  // namespace

struct ModbusTcpServer::Shared {
  Shared(asio::io_context& context, Units modules) : acceptor(context), units(std::move(modules)) {}
  ModbusModule* find(std::uint8_t unit) const {
    const auto found = units.find(unit);
    if (found != units.end()) return found->second;
    return units.size() == 1 && (unit == 0 || unit == 255) ? units.begin()->second : nullptr;
  }

  tcp::acceptor acceptor;
  Units units;
  std::set<std::shared_ptr<tcp::socket>> sockets;
  bool plugged = true;
  bool stopped = false;
};

namespace {

/// One connection: reads a request, answers it, reads the next.
template <class Shared>
class Connection : public std::enable_shared_from_this<Connection<Shared>> {
 public:
  Connection(std::shared_ptr<Shared> shared, std::shared_ptr<tcp::socket> socket)
      : shared_(std::move(shared)), socket_(std::move(socket)) {}

  void read_header() {
    asio::async_read(*socket_, asio::buffer(header_), [self = this->shared_from_this()](auto error, std::size_t) {
      if (error) return self->close();
      const std::size_t length = static_cast<std::size_t>(self->header_[4]) << 8 | self->header_[5];
      const bool modbus = self->header_[2] == 0 && self->header_[3] == 0;
      if (!modbus || length < 2 || length > 254) return self->close();
      self->body_.resize(length - 1);
      self->read_body();
    });
  }

 private:
  void read_body() {
    asio::async_read(*socket_, asio::buffer(body_), [self = this->shared_from_this()](auto error, std::size_t) {
      if (error) return self->close();
      self->answer();
    });
  }

  void answer() {
    ModbusModule* const module = shared_->find(header_[6]);
    const Bytes reply = module != nullptr ? module->answer(body_, steady_now())
                                          : Bytes{static_cast<std::uint8_t>(body_[0] | 0x80), kTargetFailedToRespond};
    const std::size_t length = reply.size() + 1;
    reply_.assign(header_.begin(), header_.end());
    reply_[4] = static_cast<std::uint8_t>(length >> 8);
    reply_[5] = static_cast<std::uint8_t>(length & 0xff);
    reply_.insert(reply_.end(), reply.begin(), reply.end());
    asio::async_write(*socket_, asio::buffer(reply_), [self = this->shared_from_this()](auto error, std::size_t) {
      if (error) return self->close();
      self->read_header();
    });
  }

  void close() {
    boost::system::error_code ignored;
    socket_->close(ignored);
    shared_->sockets.erase(socket_);
  }

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<tcp::socket> socket_;
  std::array<std::uint8_t, kHeaderSize> header_{};
  Bytes body_;
  Bytes reply_;
};

template <class Shared>
void accept_next(const std::shared_ptr<Shared>& shared) {
  auto socket = std::make_shared<tcp::socket>(shared->acceptor.get_executor());
  shared->acceptor.async_accept(*socket, [shared, socket](auto error) {
    if (shared->stopped) return;
    if (!error && shared->plugged && shared->sockets.size() < kMaxClients) {
      boost::system::error_code ignored;
      socket->set_option(tcp::no_delay(true), ignored);
      shared->sockets.insert(socket);
      std::make_shared<Connection<Shared>>(shared, socket)->read_header();
    }
    accept_next(shared);
  });
}

}  // namespace

ModbusTcpServer::ModbusTcpServer(asio::io_context& io, Units units)
    : shared_(std::make_shared<Shared>(io, std::move(units))) {}

ModbusTcpServer::~ModbusTcpServer() {
  shared_->stopped = true;
  boost::system::error_code ignored;
  shared_->acceptor.close(ignored);
  for (const auto& socket : shared_->sockets) socket->close(ignored);
}

Status ModbusTcpServer::listen(const std::string& address) {
  const auto where = parse_host_port(address);
  if (!where) return fail(where.error().within("Modbus TCP"));
  boost::system::error_code error;
  const auto host = asio::ip::make_address(where->host, error);
  if (error) return fail("bad_address", "Modbus TCP: " + address + ": give a numeric address, e.g. 127.0.0.1:1502");
  const tcp::endpoint endpoint(host, where->port);
  shared_->acceptor.open(endpoint.protocol(), error);
  if (!error) shared_->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) shared_->acceptor.bind(endpoint, error);
  if (!error) shared_->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail("listen_failed", "Modbus TCP: cannot listen on " + address + ": " + error.message() +
                                     "; free the port or choose another");
  }
  accept_next(shared_);
  return {};
}

std::uint16_t ModbusTcpServer::port() const {
  boost::system::error_code error;
  const auto endpoint = shared_->acceptor.local_endpoint(error);
  return error ? std::uint16_t{0} : endpoint.port();
}

void ModbusTcpServer::plug(bool connected) {
  shared_->plugged = connected;
  if (connected) return;
  boost::system::error_code ignored;
  for (const auto& socket : shared_->sockets) socket->close(ignored);
}

std::size_t ModbusTcpServer::clients() const { return shared_->sockets.size(); }

}  // namespace exitgate::rig
