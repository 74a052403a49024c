// Drivers `modbus-tcp` and `modbus-rtu`: one bus with the modules on it.
// Purpose: turns a connection or a serial port shared by several modules into one DigitalDevice for each.
//
// Ownership: the caller owns the bus; it must be destroyed before the io_context. Devices belong to the bus.
// Thread: all calls and callbacks on the loop's thread (the io_context's). One worker thread makes the blocking calls,
// from the first start() of a device to the last stop(); the mailboxes between them are the only shared state. Errors:
// opening refuses settings that can't be (code modbus_settings). All else comes through on_down() and on_written(),
// with codes modbus_connect, modbus_open, modbus_in_use, modbus_timeout, modbus_bad_answer, modbus_late_answer,
// modbus_foreign_answer, modbus_illegal_address, modbus_illegal_function, modbus_write_not_verified and others of
// hal/modbus/exchange.cpp. Timing: a write goes out at once when the wire is free; it waits at most for the exchange in
// flight (bounded by the module's response time). stop() of the last device waits for that exchange too. Times are of
// CLOCK_MONOTONIC.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "hal/modbus/settings.hpp"
#include "hal/ports/digital_device.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::hal {

/// Called on the loop's thread for every answered request; `device` is the index of its unit. May be dropped under
/// overload.
using RequestTimeObserver = std::function<void(std::size_t device, Duration took)>;

class ModbusBus {
 public:
  /// Nothing is opened before the first device is started.
  [[nodiscard]] static Result<std::unique_ptr<ModbusBus>> open_tcp(boost::asio::io_context& loop,
                                                                   ModbusTcpSettings settings,
                                                                   std::vector<ModbusUnit> units,
                                                                   RequestTimeObserver request_took = {});
  [[nodiscard]] static Result<std::unique_ptr<ModbusBus>> open_rtu(boost::asio::io_context& loop,
                                                                   ModbusRtuSettings settings,
                                                                   std::vector<ModbusUnit> units,
                                                                   RequestTimeObserver request_took = {});
  ~ModbusBus();
  ModbusBus(const ModbusBus&) = delete;
  ModbusBus& operator=(const ModbusBus&) = delete;

  /// In the order of `units`.
  [[nodiscard]] std::size_t device_count() const;
  [[nodiscard]] DigitalDevice& device(std::size_t index);

 private:
  class Loop;
  explicit ModbusBus(std::shared_ptr<Loop> loop);
  std::shared_ptr<Loop> loop_;  ///< shared with what is posted to the loop
};

}  // namespace exitgate::hal
