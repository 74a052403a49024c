#include "tests/integration/peers/h4_peer.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tests/integration/peers/temp_folder.hpp"

namespace exitgate::hal {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;

}  // namespace

struct H4Peer::State : std::enable_shared_from_this<H4Peer::State> {
  State(asio::io_context& io, H4Medium kind) : medium(kind), tcp(io), local(io), bytes(io), retry(io) {}

  void appear() {
    if (medium == H4Medium::kPty) return open_pty();
    if (medium == H4Medium::kTcp) {
      tcp = Tcp::acceptor(tcp.get_executor(), {asio::ip::address_v4::loopback(), port}, true);
      port = tcp.local_endpoint().port();
      accept(tcp);
    } else {
      ::unlink((folder / "hci").c_str());
      local = Local::acceptor(local.get_executor(), Local::endpoint(folder / "hci"));
      accept(local);
    }
  }

  void vanish() {
    error_code ignored;
    ++generation;
    tcp.close(ignored);
    local.close(ignored);
    bytes.close(ignored);
    retry.cancel();
    ::unlink((folder / "hci").c_str());
    in.clear();
    is_connected = false;
  }

  template <class Acceptor>
  void accept(Acceptor& acceptor) {
    acceptor.async_accept(
        [self = shared_from_this(), &acceptor, at = generation](const error_code& error, auto socket) {
          if (error || at != self->generation) return;
          error_code ignored;
          self->bytes.close(ignored);  // one at a time: the newest, as a serial device server has it
          self->bytes.assign(socket.release());
          self->begin();
          self->accept(acceptor);
        });
  }

  void open_pty() {
    const int fd = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || ::grantpt(fd) != 0 || ::unlockpt(fd) != 0) throw std::runtime_error("no pseudo terminal");
    std::array<char, 64> name{};
    if (::ptsname_r(fd, name.data(), name.size()) != 0 || ::symlink(name.data(), (folder / "hci").c_str()) != 0) {
      throw std::runtime_error("no name for the pseudo terminal");
    }
    bytes.assign(fd);
    begin();
  }

  void begin() {
    in.clear();
    is_connected = true;
    ++connections;
    read();
  }

  void read() {
    bytes.async_read_some(asio::buffer(buffer), [self = shared_from_this(), at = connections](const error_code& error,
                                                                                              std::size_t size) {
      if (at != self->connections || !self->is_connected) return;
      if (error) return self->broken();
      self->in.insert(self->in.end(), self->buffer.begin(), self->buffer.begin() + static_cast<std::ptrdiff_t>(size));
      self->answer();
      self->read();
    });
  }

  void broken() {
    if (medium != H4Medium::kPty) {
      is_connected = false;
      return;
    }
    // A master reads EIO while nobody has the terminal open, and there is no event for the moment somebody has.
    in.clear();
    retry.expires_after(std::chrono::milliseconds{5});
    retry.async_wait([self = shared_from_this(), at = generation](const error_code& error) {
      if (!error && at == self->generation) self->read();
    });
  }

  void answer() {
    while (in.size() >= 4 && in.size() >= 4U + in[3]) {
      const auto end = in.begin() + 4 + in[3];
      const auto reply = controller.answer(Bytes(in.begin(), end));
      in.erase(in.begin(), end);
      say(reply);
    }
  }

  void say(const Bytes& out) {
    // A driver that went away hears nothing.
    std::size_t sent = 0;
    while (is_connected && sent < out.size()) {
      const auto count = medium == H4Medium::kPty
                             ? ::write(bytes.native_handle(), out.data() + sent, out.size() - sent)
                             : ::send(bytes.native_handle(), out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  H4Medium medium;
  TempFolder folder;
  Tcp::acceptor tcp;
  Local::acceptor local;
  asio::posix::stream_descriptor bytes;
  asio::steady_timer retry;
  std::uint16_t port = 0;
  ScriptedController controller;
  std::array<std::uint8_t, 512> buffer{};
  Bytes in;
  bool is_connected = false;
  int connections = 0;
  int generation = 0;
};

H4Peer::H4Peer(asio::io_context& io, H4Medium medium) : state_(std::make_shared<State>(io, medium)) {
  state_->appear();
}
H4Peer::~H4Peer() { state_->vanish(); }

HciUartSettings H4Peer::settings() const {
  switch (state_->medium) {
    case H4Medium::kUnix:
      return {.path = "unix:" + (state_->folder / "hci")};
    case H4Medium::kTcp:
      return {.path = "tcp:127.0.0.1:" + std::to_string(state_->port)};
    case H4Medium::kPty:
      break;
  }
  return {.path = state_->folder / "hci", .baud = 1500000, .flow_control = true};
}

ScriptedController& H4Peer::controller() { return state_->controller; }
void H4Peer::say(const Bytes& bytes) { state_->say(bytes); }
void H4Peer::vanish() { state_->vanish(); }
void H4Peer::restore() { state_->appear(); }
bool H4Peer::connected() const { return state_->is_connected; }
int H4Peer::connections() const { return state_->connections; }

}  // namespace exitgate::hal
