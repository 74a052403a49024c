#include "http/listen_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace exitgate::http {
namespace {

constexpr int kBacklog = 64;

Error system_error(std::string_view code, const std::string& what) {
  return {code, what + ": " + std::strerror(errno)};
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

/// Removes a socket nobody listens on any more.
Status remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return fail("address_in_use", path + " exists and is no socket; remove it, or name another path");
  }
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int connected = connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (connected == 0 || errno == EAGAIN) {
    return fail("address_in_use", "Another process listens on " + path + "; is the daemon running already?");
  }
  if (errno == ECONNREFUSED) unlink(path.c_str());
  return {};
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::uint16_t port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
int Descriptor::release() { return std::exchange(fd_, -1); }

Result<ListenSocket> listen_on_unix(const UnixListener& listener) {
  if (listener.path.empty() || listener.path.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail("bad_address", "The socket path \"" + listener.path + "\" must have 1 to 107 bytes");
  }
  const sockaddr_un address = unix_address(listener.path);
  if (auto status = remove_stale(listener.path, address); !status) return fail(status.error());
  Descriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return fail(system_error("socket_failed", "socket(AF_UNIX)"));
  // The file takes the descriptor's mode, less the umask: nobody else gets in between bind and chmod.
  fchmod(fd.get(), listener.mode);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(system_error("socket_failed", "Can't make the socket " + listener.path));
  }
  if (chmod(listener.path.c_str(), listener.mode) != 0 || listen(fd.get(), kBacklog) != 0) {
    return fail(system_error("socket_failed", "Can't listen on " + listener.path));
  }
  return ListenSocket{std::move(fd), AF_UNIX, 0};
}

Result<ListenSocket> listen_on_tcp(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const std::string service = std::to_string(port);
  const std::string place = host + ":" + service;
  if (const int error = getaddrinfo(host.c_str(), service.c_str(), &hints, &list); error != 0) {
    return fail("bad_address", "Can't listen on " + place + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
  Descriptor fd(socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return fail(system_error("socket_failed", "Can't listen on " + place));
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), list->ai_addr, list->ai_addrlen) != 0 || listen(fd.get(), kBacklog) != 0) {
    const bool in_use = errno == EADDRINUSE;
    return fail(system_error(in_use ? "address_in_use" : "bad_address", "Can't listen on " + place));
  }
  const std::uint16_t actual = port_of(fd.get());
  return ListenSocket{std::move(fd), list->ai_family, actual};
}

}  // namespace exitgate::http
