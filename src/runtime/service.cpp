#include "runtime/service.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace exitgate::runtime {
namespace {

/// As sd_notify(3), but a manager that does not read its socket never stops the loop: the datagram is dropped then.
void notify(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  (void)sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  close(fd);
}

}  // namespace

void notify_ready(const std::string& status) { notify("READY=1\nSTATUS=" + status); }
void notify_stopping() { notify("STOPPING=1"); }
void notify_reloading(bool reloading) { notify(reloading ? "RELOADING=1" : "READY=1"); }
void notify_watchdog() { notify("WATCHDOG=1"); }

std::optional<Duration> watchdog_interval() {
  std::uint64_t whole_us = 0;
  if (sd_watchdog_enabled(0, &whole_us) <= 0) return std::nullopt;
  return Duration{static_cast<Duration::rep>(whole_us / 2)};
}

}  // namespace exitgate::runtime
