#include "tests/integration/peers/btvirt_peer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace exitgate {
namespace {

constexpr int kNoNamespace = 71;
constexpr int kNoMount = 72;
constexpr int kNoProgram = 73;
constexpr char kShimInside[] = "/tmp/afalg_shim.so";

/// In the child: a /tmp of its own, then btvirt.
[[noreturn]] void run_btvirt(const char* folder, bool root) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) != 0) ::_exit(kNoNamespace);
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount(folder, "/tmp", nullptr, MS_BIND, nullptr) != 0) {
    ::_exit(kNoMount);
  }
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::setenv("LD_PRELOAD", kShimInside, 1);
  ::execlp("btvirt", "btvirt", "-s", static_cast<char*>(nullptr));
  ::_exit(kNoProgram);
}

std::string reason_of(int status) {
  switch (WIFEXITED(status) ? WEXITSTATUS(status) : 0) {
    case kNoNamespace:
    case kNoMount:
      return "a private mount namespace is not allowed here";
    case kNoProgram:
      return "btvirt is not installed";
    default:
      return "btvirt ended by itself";
  }
}

bool accepts_connections(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

}  // namespace

BtvirtPeer::BtvirtPeer() {
  std::error_code error;
  std::filesystem::copy_file(EXITGATE_AFALG_SHIM, folder_ / "afalg_shim.so", error);
  if (error) {
    problem_ = "the shim can't be copied: " + error.message();
    return;
  }
  const bool root = ::geteuid() == 0;
  process_ = ::fork();
  if (process_ == 0) run_btvirt(folder_.path().c_str(), root);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!accepts_connections(le_socket()) || !accepts_connections(dual_socket())) {
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) == process_) {
      process_ = -1;
      problem_ = reason_of(status);
      return;
    }
    if (std::chrono::steady_clock::now() > end) {
      problem_ = "btvirt's sockets did not appear within 10 s";
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
}

BtvirtPeer::~BtvirtPeer() { kill(); }

void BtvirtPeer::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

AdvertisingController::AdvertisingController(const std::string& socket_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || !command(0x0C03, {})) {
    ::close(fd_);
    fd_ = -1;
  }
}

AdvertisingController::~AdvertisingController() {
  if (fd_ >= 0) ::close(fd_);
}

bool AdvertisingController::advertise_legacy(const Bytes& data) {
  // Core 5.3, Vol 4, Part E, 7.8.5, 7.8.7 and 7.8.9: non-connectable, 100 ms, public address, all channels.
  Bytes padded{static_cast<std::uint8_t>(data.size())};
  padded.insert(padded.end(), data.begin(), data.end());
  padded.resize(32, 0);
  // Refused while advertising is off already, and everything else while it is on.
  if (advertising_ && !command(0x200A, {0})) return false;
  advertising_ = true;
  return command(0x2006, {0xA0, 0x00, 0xA0, 0x00, 0x03, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0x07, 0x00}) &&
         command(0x2008, padded) && command(0x200A, {1});
}

bool AdvertisingController::advertise_extended(const Bytes& data) {
  // 7.8.53, 7.8.54 and 7.8.56: set 1, extended non-connectable, 100 ms, public address, 1M PHY, SID 5.
  Bytes set_data{1, 0x03, 0x01, static_cast<std::uint8_t>(data.size())};
  set_data.insert(set_data.end(), data.begin(), data.end());
  const Bytes parameters{1, 0x00, 0x00, 0xA0, 0x00, 0x00, 0xA0, 0x00, 0x00, 0x07, 0x00, 0x00, 0,
                         0, 0,    0,    0,    0,    0x00, 0x7F, 0x01, 0x00, 0x01, 0x05, 0x00};
  if (advertising_ && !command(0x2039, {0, 1, 1, 0, 0, 0})) return false;
  advertising_ = true;
  return command(0x2036, parameters) && command(0x2037, set_data) && command(0x2039, {1, 1, 1, 0, 0, 0});
}

bool AdvertisingController::command(std::uint16_t opcode, const Bytes& parameters) {
  if (fd_ < 0) return false;
  Bytes packet{0x01, static_cast<std::uint8_t>(opcode & 0xFF), static_cast<std::uint8_t>(opcode >> 8),
               static_cast<std::uint8_t>(parameters.size())};
  packet.insert(packet.end(), parameters.begin(), parameters.end());
  if (::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(packet.size())) return false;
  for (;;) {
    std::uint8_t event[3 + 255];
    if (!read_exactly(event, 3) || !read_exactly(event + 3, event[2])) return false;
    if (event[1] == 0x0E && event[2] >= 4 && (event[4] | event[5] << 8) == opcode) return event[6] == 0;
    if (event[1] == 0x0F && event[2] >= 4 && (event[5] | event[6] << 8) == opcode) return event[3] == 0;
  }
}

bool AdvertisingController::read_exactly(std::uint8_t* to, std::size_t size) const {
  while (size > 0) {
    pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 5000) != 1) return false;
    const auto count = ::read(fd_, to, size);
    if (count <= 0) return false;
    to += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace exitgate
