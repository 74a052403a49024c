// A scripted Bluetooth LE controller at the far end of a UNIX socket, a TCP connection or a pseudo terminal, on the
// test's loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "hal/hci/hci_uart.hpp"
#include "tests/hal/hci/scripted_controller.hpp"

namespace exitgate::hal {

enum class H4Medium { kUnix, kTcp, kPty };

class H4Peer {
 public:
  H4Peer(boost::asio::io_context& io, H4Medium medium);
  ~H4Peer();
  H4Peer(const H4Peer&) = delete;
  H4Peer& operator=(const H4Peer&) = delete;

  /// Where the driver finds it; stays the same through vanish() and restore().
  [[nodiscard]] HciUartSettings settings() const;
  [[nodiscard]] ScriptedController& controller();
  /// To the driver, as it stands; nothing happens when nobody is connected.
  void say(const Bytes& bytes);
  /// The cable is pulled: what is connected breaks, and nothing can be opened.
  void vanish();
  void restore();
  /// Whether the driver is there.
  [[nodiscard]] bool connected() const;
  [[nodiscard]] int connections() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace exitgate::hal
