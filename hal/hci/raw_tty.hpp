// Opens a serial port for bytes only: raw, 8N1, any baud rate, exclusive, non-blocking (termios(3), ioctl_tty(2)).
#pragma once

#include <string>

#include "base/result.hpp"

namespace exitgate::hal {

/// The descriptor, owned by the caller. Input that waited in the port is dropped. Codes: receiver_open_failed.
[[nodiscard]] Result<int> open_raw_tty(const std::string& path, int baud, bool flow_control);

}  // namespace exitgate::hal
