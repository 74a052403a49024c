#include "plain_upstream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace exitgate::testing {
namespace {

class PlainStream final : public ServerStream {
 public:
  PlainStream(int socket, std::atomic<bool>& stopping) : socket_(socket), stopping_(stopping) {}
  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  bool wait_ms(int ms) override {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (!stopping_ && std::chrono::steady_clock::now() < end) {
      pollfd entry{socket_, POLLRDHUP, 0};
      if (::poll(&entry, 1, 5) > 0) return false;
    }
    return !stopping_;
  }

 private:
  int socket_;
  std::atomic<bool>& stopping_;
};

bool read_until(int socket, std::string& buffer, std::size_t size, bool whole_head) {
  while (whole_head ? buffer.find("\r\n\r\n") == std::string::npos : buffer.size() < size) {
    char bytes[4096];
    const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace

PlainUpstream::PlainUpstream(std::string path, Script script) : path_(std::move(path)), script_(std::move(script)) {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) throw std::runtime_error("socket path too long");
  path_.copy(address.sun_path, path_.size());
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 64) != 0) {
    throw std::runtime_error("upstream cannot listen");
  }
  threads_.emplace_back([this] { accept_all(); });
}

PlainUpstream::~PlainUpstream() {
  stopping_ = true;
  threads_.front().join();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  ::close(listener_);
}

void PlainUpstream::accept_all() {
  while (!stopping_) {
    pollfd entry{listener_, POLLIN, 0};
    if (::poll(&entry, 1, 10) <= 0) continue;
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void PlainUpstream::serve(int socket) {
  const timeval patience{10, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  PlainStream stream(socket, stopping_);
  std::string buffer;
  Request request;
  if (read_until(socket, buffer, 0, true)) {
    const std::size_t end = buffer.find("\r\n\r\n");
    request.head = buffer.substr(0, end + 2);
    buffer.erase(0, end + 4);
    request.method = request.head.substr(0, request.head.find(' '));
    const std::size_t target = request.method.size() + 1;
    request.target = request.head.substr(target, request.head.find(' ', target) - target);
    const std::size_t length_at = request.head.find("Content-Length: ");
    const std::size_t length = length_at == std::string::npos ? 0 : std::stoul(request.head.substr(length_at + 16));
    if (read_until(socket, buffer, length, false)) {
      request.body = buffer;
      script_(request, stream);
    }
  }
  ::close(socket);
}

}  // namespace exitgate::testing
