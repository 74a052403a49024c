// Driver `hci-uart` of the advert port: any Bluetooth LE controller with the standard HCI over UART (H4).
//
// Ownership: the caller owns the source, and io outlives it. Thread: the loop's; no worker. Callbacks come from the
// loop, never from within start(); the source must not be destroyed from within one. Errors and timing: see
// hci_dialogue.hpp.
#pragma once

#include <memory>
#include <string>

#include "hal/ports/advert_source.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::hal {

struct HciUartSettings {
  std::string path;          ///< a tty, "unix:PATH" or "tcp:HOST:PORT"
  int baud = 1000000;        ///< of a tty
  bool flow_control = true;  ///< RTS/CTS of a tty
};

[[nodiscard]] std::unique_ptr<AdvertSource> make_hci_uart(boost::asio::io_context& io, HciUartSettings settings);

}  // namespace exitgate::hal
