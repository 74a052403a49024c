// The wire of one controller: H4 on a UNIX socket, a TCP port or a pseudo-terminal, one host at a time.
// Ownership: the controller is the caller's and must outlive the server. Thread: the io_context's.
// A host that does not read loses reports (64 KiB are kept), never answers to commands.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "tools/rig/address.hpp"
#include "tools/rig/hci_controller.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::rig {

class H4Server {
 public:
  H4Server(boost::asio::io_context& io, HciController& controller);
  ~H4Server();
  H4Server(const H4Server&) = delete;
  H4Server& operator=(const H4Server&) = delete;

  [[nodiscard]] Status listen(const Address& address);
  /// The TCP port listened on; 0 on other transports.
  [[nodiscard]] std::uint16_t port() const;
  /// An advert at this receiver's antenna.
  void hear(const Advert& advert);
  /// Unplugged: hangs up and takes nobody until plugged again.
  void plug(bool connected);

 private:
  struct Wire;
  std::shared_ptr<Wire> wire_;
};

}  // namespace exitgate::rig
