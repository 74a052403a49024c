#include "peer.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace exitgate::hal {
namespace {

constexpr int kStopCheck_ms = 5;

int poll_timeout_ms(MonoTime next, MonoTime now) {
  if (next == kNever) return kStopCheck_ms;
  return static_cast<int>(std::clamp<std::int64_t>((next - now).count() / 1000, 0, kStopCheck_ms));
}

}  // namespace

void Outgoing::add(MonoTime from, const Frame& frame, Duration trickle) {
  if (!pieces_.empty()) from = std::max(from, pieces_.back().due);
  if (trickle == Duration{0}) {
    pieces_.push_back({from, frame});
    return;
  }
  for (const auto byte : frame) {
    pieces_.push_back({from, {byte}});
    from += trickle;
  }
}

MonoTime Outgoing::send_due(int descriptor, MonoTime now) {
  while (!pieces_.empty() && pieces_.front().due <= now) {
    const auto& bytes = pieces_.front().bytes;
    if (::write(descriptor, bytes.data(), bytes.size()) < 0 && errno == EAGAIN) return now;
    pieces_.pop_front();
  }
  return pieces_.empty() ? kNever : pieces_.front().due;
}

TcpPeer::TcpPeer(PeerModel& model) : model_(model) { revive(); }

void TcpPeer::revive() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 16) != 0) {
    throw std::runtime_error("the test's server can't listen");
  }
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  stop_ = false;
  thread_ = std::thread([this] { run(); });
}

void TcpPeer::die() {
  if (!thread_.joinable()) return;
  stop_ = true;
  thread_.join();
  ::close(listener_);
  const linger reset{1, 0};
  for (auto& connection : connections_) {
    setsockopt(connection.descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(connection.descriptor);
  }
  connections_.clear();
  connections_open_ = 0;
}

void TcpPeer::run() {
  while (!stop_) {
    MonoTime next = kNever;
    for (auto& connection : connections_) {
      next = std::min(next, connection.outgoing.send_due(connection.descriptor, test_now()));
    }
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (const auto& connection : connections_) watched.push_back({connection.descriptor, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), poll_timeout_ms(next, test_now())) <= 0) continue;
    auto at = connections_.begin();
    for (std::size_t i = 1; i < watched.size(); ++i) {
      const auto connection = at++;
      if (watched[i].revents == 0 || receive(*connection)) continue;
      ::close(connection->descriptor);
      connections_.erase(connection);
      --connections_open_;
    }
    if ((watched[0].revents & POLLIN) == 0) continue;
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    const int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connections_.push_back({descriptor, {}, {}});
    ++connections_made_;
    ++connections_open_;
  }
}

bool TcpPeer::receive(Connection& connection) {
  std::uint8_t buffer[1024];
  const auto got = ::read(connection.descriptor, buffer, sizeof buffer);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  connection.received.insert(connection.received.end(), buffer, buffer + got);
  serve(connection);
  return true;
}

void TcpPeer::serve(Connection& connection) {
  auto& in = connection.received;
  constexpr std::size_t kHeader = 7;  // transaction, protocol, length, unit
  while (in.size() >= kHeader) {
    const std::size_t length = static_cast<std::size_t>(in[4] * 256 + in[5]);
    if (in.size() < 6 + length) return;
    const Frame pdu(in.begin() + kHeader, in.begin() + static_cast<std::ptrdiff_t>(6 + length));
    const auto answer = model_.serve(in[6], pdu);
    Frame out{in[0], in[1], 0, 0, 0, 0, in[6]};
    in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(6 + length));
    if (!answer) continue;
    out[5] = static_cast<std::uint8_t>(answer->pdu.size() + 1);
    out.insert(out.end(), answer->pdu.begin(), answer->pdu.end());
    if (answer->how.damage) out[1] = static_cast<std::uint8_t>(out[1] + 1);
    connection.outgoing.add(test_now() + answer->how.delay, out, answer->how.trickle);
    if (!answer->how.then_sends.empty()) connection.outgoing.add(test_now(), answer->how.then_sends, Duration{0});
    (void)connection.outgoing.send_due(connection.descriptor, test_now());
  }
}

std::uint16_t crc16(const Frame& frame, std::size_t length) {  // Modbus over Serial Line 1.02, section 6.2.2
  unsigned crc = 0xffff;
  for (std::size_t i = 0; i < length; ++i) {
    crc ^= frame[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return static_cast<std::uint16_t>(crc);
}

RtuPeer::RtuPeer(PeerModel& model) : model_(model) {
  termios raw{};
  cfmakeraw(&raw);
  char name[128] = {};
  if (openpty(&master_, &slave_, name, &raw, nullptr) != 0) throw std::runtime_error("the test has no pseudo-terminal");
  path_ = name;
  fcntl(master_, F_SETFL, O_NONBLOCK);
  thread_ = std::thread([this] { run(); });
}

RtuPeer::~RtuPeer() { unplug(); }

void RtuPeer::unplug() {
  if (!thread_.joinable()) return;
  stop_ = true;
  thread_.join();
  ::close(slave_);
  ::close(master_);
}

termios RtuPeer::settings() const {
  termios now{};
  tcgetattr(slave_, &now);
  return now;
}

void RtuPeer::set_settings(const termios& settings) const { tcsetattr(slave_, TCSANOW, &settings); }

void RtuPeer::babble(const Frame& bytes) { (void)!::write(master_, bytes.data(), bytes.size()); }

void RtuPeer::run() {
  while (!stop_) {
    const MonoTime next = outgoing_.send_due(master_, test_now());
    pollfd watched{master_, POLLIN, 0};
    if (::poll(&watched, 1, poll_timeout_ms(next, test_now())) <= 0) continue;
    std::uint8_t buffer[1024];
    const auto got = ::read(master_, buffer, sizeof buffer);
    if (got <= 0) continue;
    received_.insert(received_.end(), buffer, buffer + got);
    serve();
  }
}

void RtuPeer::serve() {
  while (received_.size() >= 8) {
    const std::size_t length = received_[1] == 15 ? 9 + static_cast<std::size_t>(received_[6]) : 8;
    if (received_.size() < length) return;
    const auto crc = crc16(received_, length - 2);
    if (received_[length - 2] != (crc & 0xff) || received_[length - 1] != crc >> 8) {
      received_.erase(received_.begin());
      continue;
    }
    const int unit = received_[0];
    const Frame pdu(received_.begin() + 1, received_.begin() + static_cast<std::ptrdiff_t>(length - 2));
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(length));
    const auto answer = model_.serve(unit, pdu);
    if (!answer) continue;
    Frame out{static_cast<std::uint8_t>(answer->how.wrong_unit ? unit + 1 : unit)};
    out.insert(out.end(), answer->pdu.begin(), answer->pdu.end());
    const auto sum = static_cast<std::uint16_t>(crc16(out, out.size()) + (answer->how.damage ? 1 : 0));
    out.push_back(static_cast<std::uint8_t>(sum & 0xff));
    out.push_back(static_cast<std::uint8_t>(sum >> 8));
    outgoing_.add(test_now() + answer->how.delay, out, answer->how.trickle);
    if (!answer->how.then_sends.empty()) outgoing_.add(test_now(), answer->how.then_sends, Duration{0});
    (void)outgoing_.send_due(master_, test_now());
  }
}

}  // namespace exitgate::hal
