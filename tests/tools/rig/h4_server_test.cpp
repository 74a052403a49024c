// The H4 server against raw bytes over every transport it offers.
#include "tools/rig/h4_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>

#include "running_io.hpp"

using namespace exitgate;
using namespace exitgate::rig;
using namespace exitgate::rig::testing;

namespace {

const Bytes kReset{0x01, 0x03, 0x0C, 0x00};
const Bytes kResetDone{0x04, 0x0E, 0x04, 0x01, 0x03, 0x0C, 0x00};

class Host {
 public:
  explicit Host(int descriptor) : descriptor_(descriptor) { REQUIRE(descriptor >= 0); }
  ~Host() { ::close(descriptor_); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void send(const Bytes& bytes) const {
    REQUIRE(::write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  /// Exactly `size` bytes, or fewer at the end of the stream or after 5 s.
  Bytes receive(std::size_t size) const {
    Bytes bytes;
    while (bytes.size() < size) {
      pollfd ready{descriptor_, POLLIN, 0};
      if (::poll(&ready, 1, 5000) <= 0) break;
      std::uint8_t byte = 0;
      if (::read(descriptor_, &byte, 1) != 1) break;
      bytes.push_back(byte);
    }
    return bytes;
  }
  Bytes ask(const Bytes& command, std::size_t size) const {
    send(command);
    return receive(size);
  }

 private:
  int descriptor_;
};

int connect_unix(const std::string& path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

int connect_tcp(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace

TEST_CASE("a host on a UNIX socket starts a scan and hears adverts from then on") {
  const TempFolder folder;
  HciController controller;
  boost::asio::io_context io;
  H4Server server(io, controller);
  REQUIRE(server.listen(*parse_address("unix:" + (folder / "rx"))));
  RunningIo loop(io);
  const Host host(connect_unix(folder / "rx"));
  CHECK(host.ask(kReset, 7) == kResetDone);
  host.ask({0x01, 0x01, 0x0C, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F}, 7);
  CHECK(host.ask({0x01, 0x0B, 0x20, 0x07, 0x00, 0x10, 0x00, 0x10, 0x00, 0x00, 0x00}, 7).at(6) == 0);
  CHECK(host.ask({0x01, 0x0C, 0x20, 0x02, 0x01, 0x00}, 7).at(6) == 0);
  loop.on_loop([&] { server.hear({{0xC3, 1, 2, 3, 4, 5}, -70, false, {0x02, 0x01, 0x06}}); });
  const Bytes report = host.receive(18);
  REQUIRE(report.size() == 18);
  CHECK(report[3] == 0x02);
  CHECK(report.back() == 0xBA);
}

TEST_CASE("one host at a time: a second is hung up on, and after the first left another is served") {
  HciController controller;
  boost::asio::io_context io;
  H4Server server(io, controller);
  REQUIRE(server.listen(*parse_address("tcp:127.0.0.1:0")));
  RunningIo loop(io);
  {
    const Host first(connect_tcp(server.port()));
    CHECK(first.ask(kReset, 7) == kResetDone);
    const Host second(connect_tcp(server.port()));
    CHECK(second.receive(1).empty());
    CHECK(first.ask(kReset, 7) == kResetDone);
  }
  Bytes answer;
  for (int attempt = 0; attempt < 100 && answer != kResetDone; ++attempt) {
    const Host third(connect_tcp(server.port()));
    answer = third.ask(kReset, 7);
  }
  CHECK(answer == kResetDone);
}

TEST_CASE("a host on a pseudo-terminal gets its answers, and so does the next one that opens it") {
  const TempFolder folder;
  HciController controller;
  boost::asio::io_context io;
  H4Server server(io, controller);
  REQUIRE(server.listen(*parse_address("pty:" + (folder / "rx"))));
  RunningIo loop(io);
  for (int i = 0; i < 2; ++i) {
    const Host host(::open((folder / "rx").c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    CHECK(host.ask(kReset, 7) == kResetDone);
  }
}

TEST_CASE("unplugged, a receiver hangs up") {
  const TempFolder folder;
  HciController controller;
  boost::asio::io_context io;
  H4Server server(io, controller);
  REQUIRE(server.listen(*parse_address("unix:" + (folder / "rx"))));
  RunningIo loop(io);
  const Host host(connect_unix(folder / "rx"));
  CHECK(host.ask(kReset, 7) == kResetDone);
  loop.on_loop([&] { server.plug(false); });
  CHECK(host.receive(1).empty());
}
