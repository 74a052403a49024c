// Modbus RTU slaves of one bus, on a pseudo-terminal. Requests to a unit that is not there get no answer.
// Ownership: the modules are the caller's and must outlive it. Thread: the io_context's.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "tools/rig/modbus_tcp_server.hpp"

namespace exitgate::rig {

class ModbusRtuSlave {
 public:
  ModbusRtuSlave(boost::asio::io_context& io, Units units);
  ~ModbusRtuSlave();
  ModbusRtuSlave(const ModbusRtuSlave&) = delete;
  ModbusRtuSlave& operator=(const ModbusRtuSlave&) = delete;

  /// Makes the pseudo-terminal and a link to it at `path`.
  [[nodiscard]] Status open(const std::string& path);
  /// Unplugged: requests are swallowed.
  void plug(bool connected);

 private:
  struct Line;
  std::shared_ptr<Line> line_;
};

}  // namespace exitgate::rig
