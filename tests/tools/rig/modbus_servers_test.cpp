// The rig's Modbus servers against libmodbus, which shares no code with them.
#include <modbus.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "running_io.hpp"
#include "tools/rig/modbus_rtu_slave.hpp"
#include "tools/rig/modbus_tcp_server.hpp"

using namespace exitgate;
using namespace exitgate::rig;
using namespace exitgate::rig::testing;

namespace {

struct Free {
  void operator()(modbus_t* client) const {
    modbus_close(client);
    modbus_free(client);
  }
};
using Client = std::unique_ptr<modbus_t, Free>;

Client connect_tcp(std::uint16_t port, int unit) {
  Client client(modbus_new_tcp("127.0.0.1", port));
  modbus_set_slave(client.get(), unit);
  REQUIRE(modbus_connect(client.get()) == 0);
  return client;
}

Client connect_rtu(const std::string& path, int unit) {
  Client client(modbus_new_rtu(path.c_str(), 115200, 'E', 8, 1));
  modbus_set_slave(client.get(), unit);
  modbus_set_response_timeout(client.get(), 0, 300000);
  REQUIRE(modbus_connect(client.get()) == 0);
  return client;
}

/// What every digital module must do, whatever carries it.
void exercise(modbus_t* client) {
  std::uint8_t bits[16] = {};
  REQUIRE(modbus_read_input_bits(client, 0, 16, bits) == 16);
  CHECK(bits[2] == 1);
  CHECK(bits[3] == 0);
  REQUIRE(modbus_write_bit(client, 1, 1) == 1);
  const std::uint8_t several[3] = {1, 0, 1};
  REQUIRE(modbus_write_bits(client, 4, 3, several) == 3);
  REQUIRE(modbus_read_bits(client, 0, 8, bits) == 8);
  CHECK(bits[1] == 1);
  CHECK(bits[4] == 1);
  CHECK(bits[5] == 0);
  CHECK(bits[6] == 1);
  std::uint16_t word = 0;
  CHECK(modbus_read_registers(client, 0, 1, &word) == -1);
  CHECK(errno == EMBXILFUN);
  CHECK(modbus_read_input_bits(client, 30, 8, bits) == -1);
  CHECK(errno == EMBXILADD);
}

}  // namespace

TEST_CASE("a Modbus TCP client reads inputs, writes coils and gets the right exceptions") {
  ModbusModule module(32, 8, std::nullopt);
  module.set_input(2, true);
  boost::asio::io_context io;
  ModbusTcpServer server(io, {{1, &module}});
  REQUIRE(server.listen("127.0.0.1:0"));
  RunningIo loop(io);
  const Client client = connect_tcp(server.port(), 1);
  exercise(client.get());
  loop.on_loop([&] { CHECK(module.coil(1)); });
}

TEST_CASE("several clients share a Modbus TCP server, each unit its own points, unknown units are told so") {
  ModbusModule one(8, 8, std::nullopt);
  ModbusModule two(8, 8, std::nullopt);
  two.set_input(0, true);
  boost::asio::io_context io;
  ModbusTcpServer server(io, {{1, &one}, {2, &two}});
  REQUIRE(server.listen("127.0.0.1:0"));
  RunningIo loop(io);
  const Client a = connect_tcp(server.port(), 1);
  const Client b = connect_tcp(server.port(), 2);
  const Client c = connect_tcp(server.port(), 9);
  std::uint8_t bit = 9;
  CHECK(modbus_read_input_bits(a.get(), 0, 1, &bit) == 1);
  CHECK(bit == 0);
  CHECK(modbus_read_input_bits(b.get(), 0, 1, &bit) == 1);
  CHECK(bit == 1);
  CHECK(modbus_read_input_bits(c.get(), 0, 1, &bit) == -1);
  CHECK(errno == EMBXGTAR);
}

TEST_CASE("an unplugged Modbus TCP module breaks connections and takes none until it is plugged in") {
  ModbusModule module(8, 8, std::nullopt);
  boost::asio::io_context io;
  ModbusTcpServer server(io, {{1, &module}});
  REQUIRE(server.listen("127.0.0.1:0"));
  RunningIo loop(io);
  const Client client = connect_tcp(server.port(), 1);
  std::uint8_t bit = 0;
  CHECK(modbus_read_input_bits(client.get(), 0, 1, &bit) == 1);
  loop.on_loop([&] { server.plug(false); });
  CHECK(modbus_read_input_bits(client.get(), 0, 1, &bit) == -1);
  loop.on_loop([&] { server.plug(true); });
  const Client again = connect_tcp(server.port(), 1);
  CHECK(modbus_read_input_bits(again.get(), 0, 1, &bit) == 1);
}

TEST_CASE("two listeners on one port: the second is told to choose another") {
  ModbusModule module(8, 8, std::nullopt);
  boost::asio::io_context io;
  ModbusTcpServer first(io, {{1, &module}});
  ModbusTcpServer second(io, {{1, &module}});
  REQUIRE(first.listen("127.0.0.1:0"));
  const auto refused = second.listen("127.0.0.1:" + std::to_string(first.port()));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "listen_failed");
}

TEST_CASE("several Modbus RTU units answer on one pseudo-terminal, a missing one stays silent") {
  ModbusModule one(32, 8, std::nullopt);
  ModbusModule seven(32, 8, std::nullopt);
  one.set_input(2, true);
  seven.set_input(2, true);
  const TempFolder folder;
  boost::asio::io_context io;
  ModbusRtuSlave slave(io, {{1, &one}, {7, &seven}});
  REQUIRE(slave.open(folder / "bus"));
  RunningIo loop(io);
  {
    const Client client = connect_rtu(folder / "bus", 1);
    exercise(client.get());
    modbus_set_slave(client.get(), 7);
    exercise(client.get());
    modbus_set_slave(client.get(), 9);
    std::uint8_t bit = 0;
    CHECK(modbus_read_input_bits(client.get(), 0, 1, &bit) == -1);
    CHECK(errno == ETIMEDOUT);
  }
  const Client again = connect_rtu(folder / "bus", 1);
  exercise(again.get());
}

TEST_CASE("the link to the pseudo-terminal goes with the slave, and a file that is no link is left alone") {
  const TempFolder folder;
  ModbusModule module(8, 8, std::nullopt);
  boost::asio::io_context io;
  {
    ModbusRtuSlave slave(io, {{1, &module}});
    REQUIRE(slave.open(folder / "bus"));
    CHECK(std::filesystem::is_symlink(folder / "bus"));
  }
  io.poll();
  CHECK_FALSE(std::filesystem::exists(std::filesystem::symlink_status(folder / "bus")));
  std::filesystem::create_directory(folder / "folder");
  ModbusRtuSlave slave(io, {{1, &module}});
  const auto refused = slave.open(folder / "folder");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "pty_failed");
}
