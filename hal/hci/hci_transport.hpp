// The byte pipe to a controller: a tty, unix:PATH or tcp:HOST:PORT. Internal to the driver.
//
// Ownership: shared with its own pending operations; whoever called open() keeps it and calls close(), after which the
// events object is not touched again. Thread: the loop's. Errors: through failed(), once, codes receiver_open_failed
// and receiver_closed. Timing: no time-outs here; the dialogue has them.
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/encoding.hpp"
#include "base/result.hpp"
#include "hal/hci/hci_uart.hpp"

namespace exitgate::hal {

class HciTransportEvents {
 public:
  virtual ~HciTransportEvents() = default;
  virtual void opened() = 0;
  virtual void received(std::span<const std::uint8_t> bytes) = 0;
  virtual void failed(const Error& why) = 0;
};

class HciTransport : public std::enable_shared_from_this<HciTransport> {
 public:
  HciTransport(boost::asio::io_context& io, const HciUartSettings& settings, HciTransportEvents& events);

  /// Never calls back from within.
  void open();
  void send(std::span<const std::uint8_t> packet);
  void close();

 private:
  void connect();
  void connect_unix(const std::string& path);
  void connect_tcp(const std::string& host, const std::string& port);
  void open_tty();
  void opened();
  /// Calls `use` with whichever of the two is connected.
  template <class F>
  void with_stream(F&& use);
  void read();
  void write();
  void fail_open(const std::string& why);
  void fail(Error why);
  [[nodiscard]] Error closed(const std::string& why) const;

  HciUartSettings settings_;
  HciTransportEvents* events_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket tcp_;
  boost::asio::local::stream_protocol::socket unix_;
  /// A connected socket is not used as a plain descriptor: writing to one whose peer is gone would raise SIGPIPE.
  boost::asio::generic::stream_protocol::socket socket_;
  boost::asio::posix::stream_descriptor tty_;
  std::array<std::uint8_t, 4096> in_{};
  Bytes out_;       ///< being written
  Bytes next_out_;  ///< bounded by the dialogue: one command at a time
};

}  // namespace exitgate::hal
