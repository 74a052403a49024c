// Sockets to listen on, bound and listening, as plain descriptors. Internal to http/.
// Codes: address_in_use, bad_address, socket_failed.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "http/server.hpp"

namespace exitgate::http {

/// An open descriptor; closed with the object.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release();

 private:
  int fd_;
};

struct ListenSocket {
  Descriptor fd;
  int family = 0;
  std::uint16_t port = 0;
};

[[nodiscard]] Result<ListenSocket> listen_on_unix(const UnixListener& listener);
[[nodiscard]] Result<ListenSocket> listen_on_tcp(const std::string& host, std::uint16_t port);

}  // namespace exitgate::http
