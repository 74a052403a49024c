// Modbus RTU on a tty. libmodbus opens it without a lock: both a lock and TIOCEXCL are set here, the first because
// the second does not keep out root.
#include <fcntl.h>
#include <linux/serial.h>
#include <modbus/modbus.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "hal/modbus/libmodbus_line.hpp"

namespace exitgate::hal {
namespace {

/// Shorter than any answer: what a line driver leaves on the wire when it lets go of it.
constexpr int kShortestFrame = 4;

/// Makes sure that libmodbus changes something by setting the other number of stop bits. Where a port can't have all
/// that is asked for (parity on a pseudo-terminal) and has the rest already, as after a process that was killed, glibc
/// calls the request invalid.
void unsettle(int descriptor, int stop_bits) {
  termios settings{};
  if (tcgetattr(descriptor, &settings) != 0) return;  // no serial port: libmodbus will say so
  if (stop_bits == 1) {
    settings.c_cflag |= CSTOPB;
  } else {
    settings.c_cflag &= ~static_cast<tcflag_t>(CSTOPB);
  }
  tcsetattr(descriptor, TCSANOW, &settings);
}

class RtuLineAdapter final : public ModbusLine {
 public:
  explicit RtuLineAdapter(ModbusRtuSettings settings) : settings_(std::move(settings)) {}
  ~RtuLineAdapter() override { close(); }

  Status open() override;
  Reply exchange(int unit, const Request& request, Duration timeout) override;
  std::size_t flush() override;
  void close() override;

 private:
  [[nodiscard]] Status lock();
  [[nodiscard]] Status claim(int descriptor) const;

  ModbusRtuSettings settings_;
  ModbusContext context_;
  int lock_ = -1;  ///< held from before the line settings are touched: they may be another process's
  bool open_ = false;
};

Status RtuLineAdapter::lock() {
  lock_ = ::open(settings_.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (lock_ < 0 && errno != EBUSY) {
    return fail("modbus_open", settings_.path + ": " + text_of_errno(errno) +
                                   "; look at the path, the adapter's plug and the file's permissions");
  }
  if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    return fail("modbus_in_use",
                settings_.path + ": another process has this port; end it or give the device another path");
  }
  unsettle(lock_, settings_.stop_bits);
  return {};
}

Status RtuLineAdapter::claim(int descriptor) const {
  if (auto usable = check_descriptor(descriptor); !usable) return fail(usable.error().within(settings_.path));
  if (ioctl(descriptor, TIOCEXCL) != 0) {
    return fail("modbus_open", settings_.path + ": can't have it alone: " + text_of_errno(errno));
  }
  if (!settings_.rs485) return {};
  serial_rs485 mode{};
  mode.flags = SER_RS485_ENABLED | (settings_.rs485->rts_on_send ? SER_RS485_RTS_ON_SEND : SER_RS485_RTS_AFTER_SEND);
  mode.delay_rts_before_send = static_cast<__u32>(settings_.rs485->delay_before_send_ms);
  mode.delay_rts_after_send = static_cast<__u32>(settings_.rs485->delay_after_send_ms);
  if (ioctl(descriptor, TIOCSRS485, &mode) != 0) {
    return fail("modbus_rs485",
                settings_.path + ": the port can't switch the direction of an RS-485 line: " + text_of_errno(errno));
  }
  return {};
}

Status RtuLineAdapter::open() {
  close();
  if (auto locked = lock(); !locked) {
    close();
    return locked;
  }
  constexpr int kDataBits = 8;
  context_.reset(
      modbus_new_rtu(settings_.path.c_str(), settings_.baud, settings_.parity, kDataBits, settings_.stop_bits));
  if (auto ready = prepare(context_.get()); !ready) {
    close();
    return fail(ready.error().within(settings_.path));
  }
  if (modbus_connect(context_.get()) != 0) {
    const std::string why = text_of_errno(errno);
    close();
    return fail("modbus_open",
                settings_.path + ": " + why + "; look at the line settings and whether it is a serial port");
  }
  open_ = true;
  if (auto claimed = claim(modbus_get_socket(context_.get())); !claimed) {
    close();
    return claimed;
  }
  return {};
}

Reply RtuLineAdapter::exchange(int unit, const Request& request, Duration timeout) {
  if (!open_) return tl::unexpected(LineFault{Fault::kClosed, 0, "not open"});
  const int waiting = bytes_waiting(modbus_get_socket(context_.get()));
  if (waiting >= kShortestFrame)
    return tl::unexpected(LineFault{Fault::kLateBytes, 0, std::to_string(waiting) + " bytes"});
  if (waiting > 0) flush();
  Reply reply = hal::exchange(context_.get(), unit, request, timeout);
  if (!reply && reply.error().fault == Fault::kClosed) close();
  return reply;
}

std::size_t RtuLineAdapter::flush() {
  if (!open_) return 0;
  const int descriptor = modbus_get_socket(context_.get());
  const int waiting = bytes_waiting(descriptor);
  tcflush(descriptor, TCIOFLUSH);
  return static_cast<std::size_t>(waiting);
}

void RtuLineAdapter::close() {
  if (open_) {
    flush();  // closing would wait for what can't be sent
    ioctl(modbus_get_socket(context_.get()), TIOCNXCL);
    modbus_close(context_.get());
  }
  open_ = false;
  context_.reset();
  if (lock_ >= 0) ::close(lock_);
  lock_ = -1;
}

}  // namespace

std::unique_ptr<ModbusLine> make_rtu_line(ModbusRtuSettings settings) {
  return std::make_unique<RtuLineAdapter>(std::move(settings));
}

}  // namespace exitgate::hal
