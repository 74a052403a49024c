#include "tools/rig/modbus_rtu_slave.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "tools/rig/pty.hpp"
#include "tools/rig/rtu_framing.hpp"
#include "tools/rig/steady_now.hpp"

namespace exitgate::rig {
namespace asio = boost::asio;
namespace {

/// Far longer than 3.5 characters at any rate in use, far shorter than a master's time-out.
constexpr std::chrono::milliseconds kSilence{20};
constexpr std::chrono::milliseconds kRetry{100};

}  // namespace

struct ModbusRtuSlave::Line : std::enable_shared_from_this<Line> {
  Line(asio::io_context& io, Units modules) : port(io), quiet(io), units(std::move(modules)) {}

  void read() {
    port.async_read_some(asio::buffer(chunk), [self = shared_from_this()](auto error, std::size_t size) {
      if (self->closed) return;
      if (error) return self->retry();
      self->framer.take({self->chunk.data(), size});
      self->serve();
      self->read();
    });
  }

  void retry() {
    quiet.expires_after(kRetry);
    quiet.async_wait([self = shared_from_this()](auto error) {
      if (!error && !self->closed) self->read();
    });
  }

  void serve() {
    while (auto request = framer.next()) answer(*request);
    if (!framer.pending()) {
      quiet.cancel();
      pty->allow_reopen();
      return;
    }
    quiet.expires_after(kSilence);
    quiet.async_wait([self = shared_from_this()](auto error) {
      if (error || self->closed) return;
      if (const auto request = self->framer.silence()) self->answer(*request);
    });
  }

  /// A frame is far smaller than the pseudo-terminal's buffer, so writing at once never blocks nor is cut short.
  void answer(const RtuRequest& request) {
    const auto found = units.find(request.unit);
    if (!plugged || found == units.end()) return;
    const Bytes frame = rtu_frame(request.unit, found->second->answer(request.pdu, steady_now()));
    boost::system::error_code ignored;
    asio::write(port, asio::buffer(frame), ignored);
  }

  std::optional<Pty> pty;
  asio::posix::stream_descriptor port;
  asio::steady_timer quiet;
  Units units;
  RtuFramer framer;
  std::array<std::uint8_t, 512> chunk{};
  bool plugged = true;
  bool closed = false;
};

ModbusRtuSlave::ModbusRtuSlave(asio::io_context& io, Units units)
    : line_(std::make_shared<Line>(io, std::move(units))) {}

ModbusRtuSlave::~ModbusRtuSlave() {
  line_->closed = true;
  boost::system::error_code ignored;
  line_->port.close(ignored);
  line_->quiet.cancel();
  line_->pty.reset();
}

Status ModbusRtuSlave::open(const std::string& path) {
  auto pty = Pty::make(path);
  if (!pty) return fail(pty.error().within("Modbus RTU"));
  line_->pty.emplace(std::move(*pty));
  boost::system::error_code error;
  // The descriptor closes its own copy; the Pty closes the pair.
  line_->port.assign(::dup(line_->pty->master()), error);
  if (error) return fail("pty_failed", "Modbus RTU: " + path + ": " + error.message());
  line_->read();
  return {};
}

void ModbusRtuSlave::plug(bool connected) { line_->plugged = connected; }

}  // namespace exitgate::rig
