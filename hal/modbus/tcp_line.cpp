// Modbus TCP. The connection is made here and handed to libmodbus: its own modbus_connect() reports a dead host as
// EINPROGRESS, can't be interrupted, and aborts with descriptors beyond FD_SETSIZE.
#include <arpa/inet.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "hal/modbus/libmodbus_line.hpp"

namespace exitgate::hal {
namespace {

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

std::optional<Address> parse_address(const ModbusTcpSettings& settings) {
  Address address;
  const std::string host = settings.host == "localhost" ? "127.0.0.1" : settings.host;
  sockaddr_in v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(settings.port);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.length = sizeof v4;
    return address;
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(settings.port);
  std::memcpy(&address.storage, &v6, sizeof v6);
  address.length = sizeof v6;
  return address;
}

std::int64_t now_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
}

/// 0 when connected, else an errno; ECANCELED when the worker is to stop.
int await_connection(int socket, int stop_descriptor, Duration bound) {
  const std::int64_t end = now_us() + bound.count();
  while (true) {
    const std::int64_t left = end - now_us();
    if (left <= 0) return ETIMEDOUT;
    pollfd watched[2] = {{socket, POLLOUT, 0}, {stop_descriptor, POLLIN, 0}};
    const int ready = poll(watched, 2, static_cast<int>(left / 1000 + 1));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    if (watched[1].revents != 0) return ECANCELED;
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
    return error;
  }
}

void set_options(int socket, Duration user_timeout) {
  // A dead link is noticed by the response time-out; these keep half-open connections from piling up, and what was sent
  // into a dead link from being delivered when it returns.
  const int one = 1;
  const int idle_s = 5;
  const int interval_s = 1;
  const int probes = 3;
  const auto unacknowledged_ms = static_cast<unsigned>(to_ms(user_timeout));
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
  // Closing resets instead of lingering: what the module has not received must never reach it later.
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

class TcpLine final : public ModbusLine {
 public:
  TcpLine(ModbusTcpSettings settings, int stop_descriptor)
      : settings_(std::move(settings)),
        stop_descriptor_(stop_descriptor),
        context_(modbus_new_tcp("127.0.0.1", settings_.port)) {}
  ~TcpLine() override { close(); }

  Status open() override;
  Reply exchange(int unit, const Request& request, Duration timeout) override;
  std::size_t flush() override { return 0; }
  void close() override;

 private:
  [[nodiscard]] std::string where() const { return settings_.host + ":" + std::to_string(settings_.port); }

  ModbusTcpSettings settings_;
  int stop_descriptor_;
  ModbusContext context_;
  bool open_ = false;
};

Status TcpLine::open() {
  close();
  if (auto ready = prepare(context_.get()); !ready) return ready;
  const auto address = parse_address(settings_);
  if (!address) return fail("modbus_address", where() + ": found a name; expected a numeric address");
  Socket socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return fail("modbus_connect", where() + ": no socket: " + text_of_errno(errno));
  if (auto usable = check_descriptor(socket.get()); !usable) return fail(usable.error().within(where()));
  set_options(socket.get(), settings_.connect);
  int error = 0;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->length) != 0)
    error = errno;
  if (error == EINPROGRESS || error == EINTR)
    error = await_connection(socket.get(), stop_descriptor_, settings_.connect);
  if (error != 0) {
    return fail("modbus_connect", where() + ": no connection: " + text_of_errno(error) +
                                      "; look at the module's power, network cable, address and port");
  }
  modbus_set_socket(context_.get(), socket.release());
  open_ = true;
  return {};
}

Reply TcpLine::exchange(int unit, const Request& request, Duration timeout) {
  if (!open_) return tl::unexpected(LineFault{Fault::kClosed, 0, "not connected"});
  if (const int waiting = bytes_waiting(modbus_get_socket(context_.get())); waiting > 0) {
    close();
    return tl::unexpected(LineFault{Fault::kLateBytes, 0, std::to_string(waiting) + " bytes"});
  }
  Reply reply = hal::exchange(context_.get(), unit, request, timeout);
  if (!reply && reply.error().fault != Fault::kException) close();
  return reply;
}

void TcpLine::close() {
  if (!open_) return;
  ::close(modbus_get_socket(context_.get()));
  modbus_set_socket(context_.get(), -1);
  open_ = false;
}

}  // namespace

bool is_tcp_host(const std::string& host) { return parse_address({host, 1}).has_value(); }

std::unique_ptr<ModbusLine> make_tcp_line(ModbusTcpSettings settings, int stop_descriptor) {
  return std::make_unique<TcpLine>(std::move(settings), stop_descriptor);
}

}  // namespace exitgate::hal
