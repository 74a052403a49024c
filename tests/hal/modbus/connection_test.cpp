// Opening, losing and returning lines; settings that can't be.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch_test_macros.hpp>

#include "running_bus.hpp"

namespace exitgate::hal {
namespace {

constexpr Duration kResponse = milliseconds{300};

/// A listener whose queue is full answers no more connection requests: what a dead host looks like, on loopback.
class DeadHost {
 public:
  DeadHost() {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_, 0) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    for (int& filler : fillers_) {
      filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      (void)connect(filler, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~DeadHost() {
    for (const int filler : fillers_) close(filler);
    close(listener_);
  }
  DeadHost(const DeadHost&) = delete;
  DeadHost& operator=(const DeadHost&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  int fillers_[4] = {};
};

TEST_CASE("tcp: connecting to a dead host ends in the time given and says so") {
  const DeadHost host;
  LoopTurner loop;
  auto bus = ModbusBus::open_tcp(loop.context(), {"127.0.0.1", host.port(), milliseconds{200}},
                                 {one_input_unit(1, kResponse)});
  REQUIRE(bus.has_value());
  RecordedDevice seen;
  const MonoTime from = test_now();
  (*bus)->device(0).start(seen);
  REQUIRE(loop.until([&] { return seen.downs == 1; }));
  const Duration took = test_now() - from;
  CHECK(took >= milliseconds{190});
  CHECK(took < milliseconds{2000});
  CHECK(seen.last_error.code == "modbus_connect");
  CHECK(seen.last_error.message.find("timed out") != std::string::npos);
}

TEST_CASE("tcp: stop does not wait for a connection that does not come about") {
  const DeadHost host;
  LoopTurner loop;
  auto bus = ModbusBus::open_tcp(loop.context(), {"127.0.0.1", host.port(), milliseconds{20000}},
                                 {one_input_unit(1, kResponse)});
  REQUIRE(bus.has_value());
  RecordedDevice seen;
  (*bus)->device(0).start(seen);
  loop.run_for(milliseconds{50});
  const MonoTime from = test_now();
  (*bus)->device(0).stop();
  CHECK(test_now() - from < milliseconds{5000});
  CHECK(seen.calls.empty());
}

TEST_CASE("tcp: a refused connection is told with address and port") {
  PeerModel model;
  TcpPeer peer(model);
  peer.die();
  LoopTurner loop;
  auto bus = ModbusBus::open_tcp(loop.context(), {"127.0.0.1", peer.port()}, {one_input_unit(1, kResponse)});
  RecordedDevice seen;
  (*bus)->device(0).start(seen);
  REQUIRE(loop.until([&] { return seen.downs == 1; }));
  CHECK(seen.last_error.code == "modbus_connect");
  CHECK(seen.last_error.message.find("127.0.0.1:" + std::to_string(peer.port())) == 0);
}

TEST_CASE("tcp: a server that comes and goes is up each time, with one connection") {
  RunningTcp running({one_input_unit(1, kResponse)});
  for (int round = 1; round <= 3; ++round) {
    running.peer.die();
    REQUIRE(running.loop.until([&] { return running.seen[0].downs == round; }));
    running.peer.revive();
    REQUIRE(running.loop.until([&] { return running.seen[0].ups == round + 1; }));
    CHECK(running.peer.connections_open() == 1);
  }
}

TEST_CASE("tcp: a server that stops answering but keeps the connection is down after the response time") {
  RunningTcp running({one_input_unit(1, kResponse)});
  running.behave(1, [](auto& how) { how.silent = true; });
  const MonoTime from = test_now();
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  CHECK(test_now() - from < milliseconds{1500});
  running.behave(1, [](auto&) {});
  REQUIRE(running.loop.until([&] { return running.seen[0].ups == 2; }));
}

/// The driver's own descriptor: the one whose peer is the server.
int descriptor_connected_to(std::uint16_t port) {
  for (int descriptor = 3; descriptor < 1024; ++descriptor) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
        address.sin_port == htons(port)) {
      return descriptor;
    }
  }
  return -1;
}

TEST_CASE("tcp: the connection is kept alive, gives up what is not acknowledged, and does not wait to fill a segment") {
  RunningTcp running({one_input_unit(1, kResponse)});
  const int descriptor = descriptor_connected_to(running.peer.port());
  REQUIRE(descriptor >= 0);
  const auto option = [&](int level, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    REQUIRE(getsockopt(descriptor, level, name, &value, &length) == 0);
    return value;
  };
  CHECK(option(SOL_SOCKET, SO_KEEPALIVE) != 0);
  CHECK(option(IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(option(IPPROTO_TCP, TCP_USER_TIMEOUT) == 500);
}

/// Takes every descriptor that select() could use.
class NoLowDescriptors {
 public:
  NoLowDescriptors() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit raised = before_;
    raised.rlim_cur = std::min<rlim_t>(before_.rlim_max, FD_SETSIZE + 200);
    REQUIRE(setrlimit(RLIMIT_NOFILE, &raised) == 0);
    while (taken_.empty() || taken_.back() < FD_SETSIZE - 1) {
      taken_.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
      REQUIRE(taken_.back() >= 0);
    }
  }
  ~NoLowDescriptors() {
    for (const int descriptor : taken_) close(descriptor);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoLowDescriptors(const NoLowDescriptors&) = delete;
  NoLowDescriptors& operator=(const NoLowDescriptors&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

template <class Peer, class Open>
void check_high_descriptor(const Open& open) {
  PeerModel model;
  model.behave(1, {});
  Peer peer(model);
  LoopTurner loop;
  auto bus = open(loop, peer);
  RecordedDevice seen;
  {
    const NoLowDescriptors full;
    bus->device(0).start(seen);
    REQUIRE(loop.until([&] { return seen.downs == 1; }));
    CHECK(seen.last_error.code == "modbus_too_many_files");
  }
  CHECK(loop.until([&] { return seen.up; }));  // and it recovers when there is room
}

TEST_CASE("tcp: a descriptor beyond what select can hold is an error, not an abort") {
  check_high_descriptor<TcpPeer>([](auto& loop, auto& peer) {
    return ModbusBus::open_tcp(loop.context(), {"127.0.0.1", peer.port()}, {one_input_unit(1, kResponse)}).value();
  });
}

TEST_CASE("rtu: a descriptor beyond what select can hold is an error, not an abort") {
  check_high_descriptor<RtuPeer>([](auto& loop, auto& peer) {
    return ModbusBus::open_rtu(loop.context(), {peer.path(), 115200, 'E', 1, {}}, {one_input_unit(1, kResponse)})
        .value();
  });
}

TEST_CASE("rtu: a port is had by one bus alone, and free after stop") {
  RunningRtu running({one_input_unit(1, kResponse)});
  auto second = ModbusBus::open_rtu(running.loop.context(), {running.peer.path(), 115200, 'E', 1, {}},
                                    {one_input_unit(1, kResponse)});
  REQUIRE(second.has_value());
  RecordedDevice seen;
  (*second)->device(0).start(seen);
  REQUIRE(running.loop.until([&] { return seen.downs == 1; }));
  CHECK(seen.last_error.code == "modbus_in_use");
  CHECK(running.seen[0].downs == 0);
  running.bus->device(0).stop();
  CHECK(running.loop.until([&] { return seen.up; }));
}

TEST_CASE("rtu: a port can be opened that a killed process left with just these settings") {
  RunningRtu running({one_input_unit(1, kResponse)});
  const termios in_use = running.peer.settings();
  running.bus->device(0).stop();
  running.peer.set_settings(in_use);
  RecordedDevice seen;
  running.bus->device(0).start(seen);
  CHECK(running.loop.until([&] { return seen.up; }));
}

TEST_CASE("rtu: an adapter that is pulled out is told, and its path tried again") {
  RunningRtu running({one_input_unit(1, kResponse)});
  running.peer.unplug();
  REQUIRE(running.loop.until([&] { return running.seen[0].downs == 1; }));
  const auto code = running.seen[0].last_error.code;
  CHECK((code == "modbus_closed" || code == "modbus_open"));
}

TEST_CASE("rtu: a path that is no port is told with what to look at") {
  LoopTurner loop;
  auto bus =
      ModbusBus::open_rtu(loop.context(), {"/nonexistent/tty", 19200, 'E', 1, {}}, {one_input_unit(1, kResponse)});
  RecordedDevice seen;
  (*bus)->device(0).start(seen);
  REQUIRE(loop.until([&] { return seen.downs == 1; }));
  CHECK(seen.last_error.code == "modbus_open");
  CHECK(seen.last_error.message.find("/nonexistent/tty") == 0);
}

TEST_CASE("rtu: a port that can't switch an RS-485 line says so") {
  PeerModel model;
  RtuPeer peer(model);
  LoopTurner loop;
  auto bus =
      ModbusBus::open_rtu(loop.context(), {peer.path(), 115200, 'E', 1, Rs485{}}, {one_input_unit(1, kResponse)});
  RecordedDevice seen;
  (*bus)->device(0).start(seen);
  REQUIRE(loop.until([&] { return seen.downs == 1; }));
  CHECK(seen.last_error.code == "modbus_rs485");
}

TEST_CASE("a point the module does not have is told naming unit, function and address") {
  PeerModel model;
  model.behave(1, {});
  Behaviour few_points;
  few_points.points = 16;
  model.behave(1, few_points);
  TcpPeer peer(model);
  LoopTurner loop;
  auto unit = one_input_unit(1, kResponse);
  unit.inputs.push_back({BitTable::kDiscrete, 20});
  auto bus = ModbusBus::open_tcp(loop.context(), {"127.0.0.1", peer.port()}, {unit});
  RecordedDevice seen;
  (*bus)->device(0).start(seen);
  REQUIRE(loop.until([&] { return seen.downs == 1; }));
  CHECK(seen.last_error.code == "modbus_illegal_address");
  CHECK(seen.last_error.message.find("io1: unit 1, FC2 (read discrete inputs) at 0–20") == 0);
}

TEST_CASE("settings that can't be are refused before anything is opened") {
  LoopTurner loop;
  const auto tcp_code = [&](ModbusUnit unit, const std::string& host = "127.0.0.1") {
    auto bus = ModbusBus::open_tcp(loop.context(), {host, 502}, {std::move(unit)});
    return bus ? std::string("accepted") : std::string(bus.error().code);
  };
  const auto good = one_input_unit(1, kResponse);
  CHECK(tcp_code(good) == "accepted");
  CHECK(tcp_code(good, "::1") == "accepted");
  CHECK(tcp_code(good, "localhost") == "accepted");
  CHECK(tcp_code(good, "io1.shop.example") == "modbus_settings");
  auto unit = good;
  unit.unit = 248;
  CHECK(tcp_code(unit) == "modbus_settings");
  unit = good;
  unit.output_coils = {1, 1};
  CHECK(tcp_code(unit) == "modbus_settings");
  unit = good;
  unit.inputs[0].address = 65536;
  CHECK(tcp_code(unit) == "modbus_settings");
  unit = good;
  unit.inputs.clear();
  unit.output_coils.clear();
  CHECK(tcp_code(unit) == "modbus_settings");
  CHECK_FALSE(ModbusBus::open_tcp(loop.context(), {"127.0.0.1", 502}, {good, good}).has_value());
  CHECK_FALSE(ModbusBus::open_tcp(loop.context(), {"127.0.0.1", 502}, {}).has_value());
  CHECK_FALSE(ModbusBus::open_rtu(loop.context(), {"/dev/ttyS9", 19200, 'X', 1, {}}, {good}).has_value());
}

}  // namespace
}  // namespace exitgate::hal
