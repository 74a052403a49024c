// <asm/termbits.h> has the kernel's termios2, whose speeds are numbers; it cannot be included together with
// <termios.h>.
#include "hal/hci/raw_tty.hpp"

#include <asm/termbits.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace exitgate::hal {
namespace {

tl::unexpected<Error> failed(const std::string& path, const std::string& what, int error_number) {
  return fail("receiver_open_failed", path + ": " + what + ": " + std::generic_category().message(error_number) +
                                          "; check that it is there, a " +
                                          "serial port, and not used by another program");
}

/// 0, or the errno of what failed.
int set_raw(int fd, int baud, bool flow_control) {
  struct termios2 line {};
  if (::ioctl(fd, TCGETS2, &line) != 0) return errno;
  line.c_iflag = 0;
  line.c_oflag = 0;
  line.c_lflag = 0;
  line.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (flow_control ? CRTSCTS : 0U);
  line.c_ispeed = static_cast<speed_t>(baud);
  line.c_ospeed = static_cast<speed_t>(baud);
  line.c_cc[VMIN] = 1;
  line.c_cc[VTIME] = 0;
  if (::ioctl(fd, TCSETS2, &line) != 0) return errno;
  if (::ioctl(fd, TIOCEXCL) != 0) return errno;
  return ::ioctl(fd, TCFLSH, TCIOFLUSH) == 0 ? 0 : errno;
}

}  // namespace

Result<int> open_raw_tty(const std::string& path, int baud, bool flow_control) {
  const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return failed(path, "it does not open", errno);
  if (const int error_number = set_raw(fd, baud, flow_control); error_number != 0) {
    ::close(fd);
    return failed(path, "its line can not be set to " + std::to_string(baud) + " baud, raw", error_number);
  }
  return fd;
}

}  // namespace exitgate::hal
