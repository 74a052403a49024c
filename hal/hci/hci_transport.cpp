#include "hal/hci/hci_transport.hpp"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <string_view>
#include <utility>

#include "hal/hci/raw_tty.hpp"

namespace exitgate::hal {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kTcp = "tcp:";

}  // namespace

HciTransport::HciTransport(asio::io_context& io, const HciUartSettings& settings, HciTransportEvents& events)
    : settings_(settings), events_(&events), resolver_(io), tcp_(io), unix_(io), socket_(io), tty_(io) {}

void HciTransport::open() {
  asio::post(tty_.get_executor(), [self = shared_from_this()] {
    if (self->events_ != nullptr) self->connect();
  });
}

void HciTransport::connect() {
  const std::string_view path = settings_.path;
  if (path.starts_with(kUnix)) return connect_unix(std::string(path.substr(kUnix.size())));
  if (!path.starts_with(kTcp)) return open_tty();
  const auto address = path.substr(kTcp.size());
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return fail_open("no port is given");
  auto host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  connect_tcp(std::string(host), std::string(address.substr(colon + 1)));
}

void HciTransport::connect_unix(const std::string& path) {
  asio::local::stream_protocol::endpoint endpoint;
  try {
    endpoint.path(path);
  } catch (const boost::system::system_error& error) {
    return fail_open(error.code().message());
  }
  unix_.async_connect(endpoint, [self = shared_from_this()](const error_code& error) {
    if (self->events_ == nullptr) return;
    if (error) return self->fail_open(error.message());
    self->socket_ = std::move(self->unix_);
    self->opened();
  });
}

void HciTransport::connect_tcp(const std::string& host, const std::string& port) {
  using asio::ip::tcp;
  resolver_.async_resolve(
      host, port, [self = shared_from_this()](const error_code& error, const tcp::resolver::results_type& found) {
        if (self->events_ == nullptr) return;
        if (error) return self->fail_open(error.message());
        asio::async_connect(self->tcp_, found, [self](const error_code& connect_error, const tcp::endpoint&) {
          if (self->events_ == nullptr) return;
          if (connect_error) return self->fail_open(connect_error.message());
          error_code ignored;  // only a little slower without
          self->tcp_.set_option(tcp::no_delay(true), ignored);
          self->socket_ = std::move(self->tcp_);
          self->opened();
        });
      });
}

void HciTransport::open_tty() {
  auto fd = open_raw_tty(settings_.path, settings_.baud, settings_.flow_control);
  if (!fd) return fail(std::move(fd).error());
  error_code error;
  tty_.assign(*fd, error);
  if (error) {
    ::close(*fd);
    return fail_open(error.message());
  }
  opened();
}

void HciTransport::opened() {
  read();
  events_->opened();
}

template <class F>
void HciTransport::with_stream(F&& use) {
  if (socket_.is_open()) {
    use(socket_);
  } else {
    use(tty_);
  }
}

void HciTransport::read() {
  with_stream([this](auto& stream) {
    stream.async_read_some(asio::buffer(in_), [self = shared_from_this()](const error_code& error, std::size_t size) {
      if (self->events_ == nullptr) return;
      if (error) return self->fail(self->closed(error.message()));
      self->events_->received({self->in_.data(), size});
      if (self->events_ != nullptr) self->read();
    });
  });
}

void HciTransport::send(std::span<const std::uint8_t> packet) {
  next_out_.insert(next_out_.end(), packet.begin(), packet.end());
  if (out_.empty()) write();
}

void HciTransport::write() {
  out_ = std::exchange(next_out_, {});
  with_stream([this](auto& stream) {
    asio::async_write(stream, asio::buffer(out_), [self = shared_from_this()](const error_code& error, std::size_t) {
      self->out_.clear();
      if (self->events_ == nullptr) return;
      if (error) return self->fail(self->closed(error.message()));
      if (!self->next_out_.empty()) self->write();
    });
  });
}

void HciTransport::close() {
  events_ = nullptr;
  error_code ignored;  // nothing is left to be done about a descriptor that does not close
  resolver_.cancel();
  tcp_.close(ignored);
  unix_.close(ignored);
  socket_.close(ignored);
  tty_.close(ignored);
}

void HciTransport::fail_open(const std::string& why) {
  fail({"receiver_open_failed", settings_.path + ": it does not open: " + why + "; check that it is there and free"});
}

void HciTransport::fail(Error why) {
  HciTransportEvents* const events = std::exchange(events_, nullptr);
  if (events != nullptr) events->failed(why);
}

Error HciTransport::closed(const std::string& why) const {
  return {"receiver_closed", settings_.path + ": the receiver is gone: " + why + "; check its cable and power"};
}

}  // namespace exitgate::hal
