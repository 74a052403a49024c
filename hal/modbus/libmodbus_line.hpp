// What the TCP and the serial line have in common: one libmodbus context, used by one worker.
// libmodbus' own recovery is off (it blocks without bound), its byte time-out is off (so that the response time-out
// bounds the whole exchange), and a file descriptor its select() can't hold is refused (it would write past its set).
#pragma once

#include <memory>

#include "hal/modbus/exchange.hpp"

typedef struct _modbus modbus_t;  // as in modbus.h

namespace exitgate::hal {

struct FreeModbus {
  void operator()(modbus_t* context) const;
};
using ModbusContext = std::unique_ptr<modbus_t, FreeModbus>;

/// Settings every context gets.
[[nodiscard]] Status prepare(modbus_t* context);
/// Sends and awaits the answer. Does not close anything.
[[nodiscard]] Reply exchange(modbus_t* context, int unit, const Request& request, Duration timeout);
/// Error unless select() can take the descriptor.
[[nodiscard]] Status check_descriptor(int descriptor);
[[nodiscard]] std::string text_of_errno(int error);
/// Bytes that have come in and were not read; nothing when the descriptor is broken.
[[nodiscard]] int bytes_waiting(int descriptor);

/// Whether it can be connected to without asking a name service.
[[nodiscard]] bool is_tcp_host(const std::string& host);
/// `stop_descriptor` becomes readable when the worker is to stop: an open() in progress is then given up.
[[nodiscard]] std::unique_ptr<ModbusLine> make_tcp_line(ModbusTcpSettings settings, int stop_descriptor);
[[nodiscard]] std::unique_ptr<ModbusLine> make_rtu_line(ModbusRtuSettings settings);

}  // namespace exitgate::hal
