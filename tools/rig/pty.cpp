#include "tools/rig/pty.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace exitgate::rig {
namespace {

tl::unexpected<Error> failed(const char* step, const std::string& link) {
  return fail("pty_failed", "pseudo-terminal for " + link + ": " + step + ": " + std::strerror(errno));
}

/// A stale link of an earlier run is replaced; a file of somebody else is not touched.
Status make_link(const char* target, const std::string& link) {
  struct stat found {};
  if (::lstat(link.c_str(), &found) == 0) {
    if (!S_ISLNK(found.st_mode)) {
      return fail("pty_failed", "pseudo-terminal: " + link + " exists and is no symbolic link; choose another path");
    }
    ::unlink(link.c_str());
  }
  if (::symlink(target, link.c_str()) != 0) return failed("symlink", link);
  return {};
}

}  // namespace

Result<Pty> Pty::make(const std::string& link) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (master < 0) return failed("posix_openpt", link);
  std::array<char, 128> name{};
  if (::grantpt(master) != 0 || ::unlockpt(master) != 0 || ::ptsname_r(master, name.data(), name.size()) != 0) {
    auto error = failed("unlockpt", link);
    ::close(master);
    return error;
  }
  const int slave = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) {
    auto error = failed("open", link);
    ::close(master);
    return error;
  }
  termios settings{};
  ::tcgetattr(slave, &settings);
  ::cfmakeraw(&settings);
  ::tcsetattr(slave, TCSANOW, &settings);
  Pty pty(master, slave, "");
  if (auto linked = make_link(name.data(), link); !linked) return fail(linked.error());
  pty.link_ = link;
  return pty;
}

Pty::Pty(Pty&& other) noexcept
    : master_(std::exchange(other.master_, -1)),
      slave_(std::exchange(other.slave_, -1)),
      link_(std::exchange(other.link_, {})) {}

Pty::~Pty() {
  if (!link_.empty()) ::unlink(link_.c_str());
  if (slave_ >= 0) ::close(slave_);
  if (master_ >= 0) ::close(master_);
}

void Pty::allow_reopen() const { ::ioctl(slave_, TIOCNXCL); }

}  // namespace exitgate::rig
