// Modbus TCP server of one address: one module, or several units behind a gateway.
// Ownership: the modules are the caller's and must outlive the server. Thread: the io_context's.
// Errors: listen() tells why an address can't be had; a client that breaks the protocol is disconnected.
// Protocol: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3 (MBAP header).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "tools/rig/modbus_module.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::rig {

/// Modules by unit number. A single one also answers to units 0 and 255, as modules on their own address do.
using Units = std::map<std::uint8_t, ModbusModule*>;

class ModbusTcpServer {
 public:
  ModbusTcpServer(boost::asio::io_context& io, Units units);
  ~ModbusTcpServer();
  ModbusTcpServer(const ModbusTcpServer&) = delete;
  ModbusTcpServer& operator=(const ModbusTcpServer&) = delete;

  /// `address`: "127.0.0.1:1502"; port 0 takes a free one.
  [[nodiscard]] Status listen(const std::string& address);
  [[nodiscard]] std::uint16_t port() const;
  /// Unplugged: breaks every connection and takes no new one until true comes again.
  void plug(bool connected);
  [[nodiscard]] std::size_t clients() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace exitgate::rig
