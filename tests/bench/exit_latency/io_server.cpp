#include "io_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "base/check.hpp"
#include "stopwatch.hpp"

namespace exitgate::bench {
namespace {

constexpr auto kPatience = std::chrono::seconds{5};
constexpr int kStopSeenAfterMs = 100;
constexpr std::size_t kHeader = 7;  // transaction, protocol, length, unit

std::size_t word(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

}  // namespace

IoServer::IoServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  EXITGATE_CHECK(listener_ >= 0 && ::bind(listener_, raw, length) == 0 && ::listen(listener_, 4) == 0 &&
                 ::getsockname(listener_, raw, &length) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

IoServer::~IoServer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  thread_.join();
  ::close(listener_);
}

void IoServer::set(Input input, bool active) {
  const std::scoped_lock lock(mutex_);
  inputs_[input] = active;
}

void IoServer::block_approach() {
  const std::scoped_lock lock(mutex_);
  inputs_[kApproach] = true;
  stamps_ = {.blocked = now_ns()};
}

bool IoServer::await_opened() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [this] { return stamps_.opened != 0; });
}

bool IoServer::await_closed() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [this] { return coils_[kBarrierCoil]; });
}

bool IoServer::await_polls(int times) {
  std::unique_lock lock(mutex_);
  const auto target = polls_ + static_cast<std::uint64_t>(times);
  return changed_.wait_for(lock, kPatience, [&] { return polls_ >= target; });
}

Stamps IoServer::stamps() const {
  const std::scoped_lock lock(mutex_);
  return stamps_;
}

void IoServer::serve() {
  for (;;) {
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
    }
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, kStopSeenAfterMs) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const int one = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const timeval patience{0, kStopSeenAfterMs * 1000};
    ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    serve_client(client);
    ::close(client);
  }
}

void IoServer::serve_client(int client) {
  std::vector<std::uint8_t> received;
  std::array<std::uint8_t, 512> buffer{};
  for (;;) {
    const auto got = ::recv(client, buffer.data(), buffer.size(), 0);
    const auto read_at = now_ns();
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return;
    received.insert(received.end(), buffer.begin(), buffer.begin() + got);
    while (received.size() >= kHeader && received.size() >= word(received, 4) + 6) {
      const auto size = word(received, 4) + 6;
      const auto reply = answer(std::span(received).subspan(kHeader, size - kHeader), read_at);
      std::vector<std::uint8_t> out(received.begin(), received.begin() + kHeader);
      out[4] = static_cast<std::uint8_t>((reply.size() + 1) >> 8);
      out[5] = static_cast<std::uint8_t>(reply.size() + 1);
      out.insert(out.end(), reply.begin(), reply.end());
      {
        // Stamped with the very answer that tells of it, before the other side can have it.
        const std::scoped_lock lock(mutex_);
        const bool tells = reply[0] == 2 && (reply[2] & 1U << kApproach) != 0;
        if (tells && stamps_.blocked != 0 && stamps_.on_wire == 0) stamps_.on_wire = now_ns();
      }
      if (::send(client, out.data(), out.size(), MSG_NOSIGNAL) < 0) return;
      if (reply[0] == 2) {
        const std::scoped_lock lock(mutex_);
        ++polls_;
        changed_.notify_all();
      }
      received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
}

std::vector<std::uint8_t> IoServer::answer(std::span<const std::uint8_t> request, std::int64_t read_at) {
  const std::scoped_lock lock(mutex_);
  const auto refuse = [&](std::uint8_t why) {
    return std::vector<std::uint8_t>{static_cast<std::uint8_t>(request[0] | 0x80), why};
  };
  if (request.size() < 5) return refuse(3);
  const auto first = word(request, 1);
  const auto count = word(request, 3);
  if (request[0] == 1 || request[0] == 2) {
    return first + count <= inputs_.size() ? bits_of(request[0], first, count) : refuse(2);
  }
  if (request[0] == 5 && first < coils_.size()) {
    write_coil(first, request[3] == 0xff, read_at);
    return {request.begin(), request.end()};
  }
  if (request[0] == 15 && first + count <= coils_.size() && request.size() >= 6 + (count + 7) / 8) {
    for (std::size_t i = 0; i < count; ++i) write_coil(first + i, (request[6 + i / 8] & 1U << i % 8) != 0, read_at);
    return {request.begin(), request.begin() + 5};
  }
  return refuse(request[0] == 5 || request[0] == 15 ? 2 : 1);
}

std::vector<std::uint8_t> IoServer::bits_of(std::uint8_t function, std::size_t first, std::size_t count) {
  const auto& bits = function == 1 ? coils_ : inputs_;
  std::vector<std::uint8_t> reply(2 + (count + 7) / 8);
  reply[0] = function;
  reply[1] = static_cast<std::uint8_t>((count + 7) / 8);
  for (std::size_t i = 0; i < count; ++i) {
    if (bits[first + i]) reply[2 + i / 8] = static_cast<std::uint8_t>(reply[2 + i / 8] | 1U << i % 8);
  }
  return reply;
}

void IoServer::write_coil(std::size_t coil, bool value, std::int64_t read_at) {
  coils_[coil] = value;
  if (coil != kBarrierCoil) return;
  inputs_[kLimitOpen] = !value;
  inputs_[kLimitClosed] = value;
  if (!value && stamps_.blocked != 0 && stamps_.opened == 0) stamps_.opened = read_at;
  changed_.notify_all();
}

}  // namespace exitgate::bench
