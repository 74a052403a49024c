#include <algorithm>

#include "config/readers.hpp"
#include "config/spelling.hpp"

namespace exitgate::config {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

void read_polling(Section& section, Duration& poll, Duration& response) {
  poll = section.time_ms("poll_ms", poll);
  response = section.time_ms("response_ms", response);
  if (response == Duration::zero()) section.warning("response_ms", "0", "a time in which a module can answer (100)");
}

ModbusTcp read_modbus_tcp(Section& section) {
  ModbusTcp tcp;
  constexpr const char* kExpected = "ADDRESS:PORT such as \"192.168.10.20:502\" (names are not looked up)";
  if (const auto text = section.text("address", Need::kRequired, kExpected)) {
    const auto address = parse_endpoint(*text);
    if (!address || (address->host != "localhost" && !is_address(address->host)))
      section.error("address", in_quotes(*text), kExpected);
    tcp.address = address.value_or(Endpoint{});
  }
  tcp.unit = static_cast<std::uint8_t>(section.integer("unit", tcp.unit, 0, 255));
  read_polling(section, tcp.poll, tcp.response);
  return tcp;
}

ModbusRtu read_modbus_rtu(Section& section, const Files& files) {
  ModbusRtu rtu;
  if (const auto path = section.text("path", Need::kRequired, "a tty such as \"/dev/ttyUSB0\""))
    rtu.path = files.resolve(*path);
  constexpr int kBauds[]{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 921600, 1000000};
  rtu.baud = static_cast<int>(section.integer("baud", rtu.baud, 1200, 1'000'000));
  if (std::find(std::begin(kBauds), std::end(kBauds), rtu.baud) == std::end(kBauds)) {
    section.error("baud", std::to_string(rtu.baud),
                  "a speed serial lines have, such as 9600, 19200, 38400, 57600 or 115200");
  }
  constexpr Option<Parity> kParities[]{{"none", Parity::kNone}, {"even", Parity::kEven}, {"odd", Parity::kOdd}};
  rtu.parity = section.choice("parity", Need::kOptional, kParities).value_or(rtu.parity);
  rtu.stop_bits = static_cast<int>(section.integer("stop_bits", rtu.stop_bits, 1, 2));
  rtu.unit = static_cast<std::uint8_t>(section.integer("unit", rtu.unit, 1, 247));
  read_polling(section, rtu.poll, rtu.response);
  return rtu;
}

GpioChip read_gpiochip(Section& section, const Files& files) {
  GpioChip chip;
  if (const auto path = section.text("path", Need::kRequired, "a chip such as \"/dev/gpiochip0\""))
    chip.path = files.resolve(*path);
  return chip;
}

HciUart read_hci_uart(Section& section, const Files& files) {
  constexpr const char* kExpected = "a tty such as \"/dev/ttyUSB0\", \"unix:PATH\" or \"tcp:HOST:PORT\"";
  const auto path = section.text("path", Need::kRequired, kExpected);
  TtyTransport tty;
  tty.baud = static_cast<int>(section.integer("baud", tty.baud, 115'200, 3'000'000));
  tty.flow_control = section.flag("flow_control", tty.flow_control);
  if (path && path->starts_with("tcp:")) {
    const auto address = parse_endpoint(std::string_view(*path).substr(4));
    if (!address) section.error("path", in_quotes(*path), kExpected);
    return {TcpTransport{address.value_or(Endpoint{})}};
  }
  if (path && path->starts_with("unix:")) {
    if (path->size() == 5) section.error("path", in_quotes(*path), kExpected);
    return {UnixTransport{files.resolve(path->substr(5))}};
  }
  if (tty.baud < 1'000'000) {
    section.warning("baud", std::to_string(tty.baud), "1000000 or more, or adverts are lost when many carts are near");
  }
  if (path) tty.path = files.resolve(*path);
  return {std::move(tty)};
}

enum class DriverKind : std::uint8_t { kModbusTcp, kModbusRtu, kGpioChip, kHciUart, kHciSocket };

Driver read_driver(Section& section, const Files& files, DriverKind kind) {
  switch (kind) {
    case DriverKind::kModbusTcp:
      return read_modbus_tcp(section);
    case DriverKind::kModbusRtu:
      return read_modbus_rtu(section, files);
    case DriverKind::kGpioChip:
      return read_gpiochip(section, files);
    case DriverKind::kHciUart:
      return read_hci_uart(section, files);
    case DriverKind::kHciSocket: {
      section.error("driver", "\"hci-socket\"", "\"hci-uart\": hci-socket is not supported yet; use hci-uart");
      return HciSocket{static_cast<std::uint16_t>(section.integer("index", 0, 0, 65535))};
    }
  }
  return Sim{};
}

DeviceDraft read_device(Section section, const Files& files) {
  constexpr Option<DriverKind> kDrivers[]{{"modbus-tcp", DriverKind::kModbusTcp},
                                          {"modbus-rtu", DriverKind::kModbusRtu},
                                          {"gpiochip", DriverKind::kGpioChip},
                                          {"hci-uart", DriverKind::kHciUart},
                                          {"hci-socket", DriverKind::kHciSocket}};
  Device device;
  if (const auto name = section.id("name", Need::kRequired)) {
    device.name = *name;
    section.rename("device[" + name->str() + "]");
  }
  device.fail_safe = section.flag("fail_safe", false);
  const auto kind = section.choice("driver", Need::kRequired, kDrivers);
  if (kind) {
    device.driver = read_driver(section, files, *kind);
  } else {
    device.driver = Sim{};
    section.accept_all_keys();
  }
  section.finish();
  return {std::move(section), std::move(device), kind.has_value()};
}

/// What two devices cannot both have: the module, chip or line itself. Empty: nothing.
std::string identity(const Driver& driver) {
  return std::visit(
      Overloaded{
          [](const ModbusTcp& tcp) {
            return tcp.address.host.empty() ? "" : "tcp " + to_string(tcp.address) + "#" + std::to_string(tcp.unit);
          },
          [](const ModbusRtu& rtu) {
            return rtu.path.empty() ? "" : rtu.path.string() + "#" + std::to_string(rtu.unit);
          },
          [](const GpioChip& chip) { return chip.path.string(); },
          [](const HciUart& uart) {
            return std::visit(Overloaded{[](const TtyTransport& tty) { return tty.path.string(); },
                                         [](const UnixTransport& peer) { return "unix " + peer.path.string(); },
                                         [](const TcpTransport& peer) { return "tcp " + to_string(peer.address); }},
                              uart.transport);
          },
          [](const HciSocket&) { return std::string(); }, [](const Sim&) { return std::string(); }},
      driver);
}

std::string tty_of(const Driver& driver) {
  if (const auto* rtu = std::get_if<ModbusRtu>(&driver)) return rtu->path.string();
  const auto* uart = std::get_if<HciUart>(&driver);
  const auto* tty = uart == nullptr ? nullptr : std::get_if<TtyTransport>(&uart->transport);
  return tty == nullptr ? "" : tty->path.string();
}

std::string parity_name(Parity parity) {
  switch (parity) {
    case Parity::kNone:
      return "\"none\"";
    case Parity::kEven:
      return "\"even\"";
    case Parity::kOdd:
      break;
  }
  return "\"odd\"";
}

/// Two modules on one serial line: the line has one format.
void compare_bus(const DeviceDraft& earlier, const DeviceDraft& later) {
  const auto* a = std::get_if<ModbusRtu>(&earlier.device.driver);
  const auto* b = std::get_if<ModbusRtu>(&later.device.driver);
  if (a == nullptr || b == nullptr || a->path.empty() || a->path != b->path) return;
  const std::string as = ", as " + earlier.section.path() + " has on the same path";
  if (a->baud != b->baud) later.section.error("baud", std::to_string(b->baud), std::to_string(a->baud) + as);
  if (a->parity != b->parity) later.section.error("parity", parity_name(b->parity), parity_name(a->parity) + as);
  if (a->stop_bits != b->stop_bits) {
    later.section.error("stop_bits", std::to_string(b->stop_bits), std::to_string(a->stop_bits) + as);
  }
}

/// Reports at most one clash of `later` with each kind of thing an earlier device holds.
void compare_with_earlier(const std::vector<DeviceDraft>& devices, const DeviceDraft& later) {
  bool compared_bus = false;
  for (const DeviceDraft& earlier : devices) {
    if (&earlier == &later) break;
    const Device& a = earlier.device;
    const Device& b = later.device;
    if (!b.name.empty() && a.name == b.name) {
      later.section.error("name",
                          in_quotes(b.name.view()) + ", already the name of the device in line " +
                              std::to_string(earlier.section.place().line),
                          "a name of its own");
    }
    const std::string same = identity(b.driver);
    const bool same_tty =
        !tty_of(b.driver).empty() && tty_of(a.driver) == tty_of(b.driver) && a.driver.index() != b.driver.index();
    if ((!same.empty() && same == identity(a.driver)) || same_tty) {
      const bool by_address = std::holds_alternative<ModbusTcp>(b.driver);
      later.section.error(by_address ? "address" : "path", "the same hardware as " + earlier.section.path(),
                          "hardware of its own, or one [[device]] for both");
    }
    const auto* rtu = std::get_if<ModbusRtu>(&b.driver);
    const auto* earlier_rtu = std::get_if<ModbusRtu>(&a.driver);
    if (!compared_bus && rtu != nullptr && earlier_rtu != nullptr && rtu->path == earlier_rtu->path) {
      compare_bus(earlier, later);
      compared_bus = true;
    }
  }
}

}  // namespace

std::string_view driver_name(const Driver& driver) {
  return std::visit(
      Overloaded{[](const ModbusTcp&) { return "modbus-tcp"; }, [](const ModbusRtu&) { return "modbus-rtu"; },
                 [](const GpioChip&) { return "gpiochip"; }, [](const HciUart&) { return "hci-uart"; },
                 [](const HciSocket&) { return "hci-socket"; }, [](const Sim&) { return "sim"; }},
      driver);
}

bool is_receiver_driver(const Driver& driver) {
  return std::holds_alternative<HciUart>(driver) || std::holds_alternative<HciSocket>(driver);
}

std::vector<DeviceDraft> read_devices(Section& root, const Files& files) {
  std::vector<DeviceDraft> devices;
  for (Section& section : root.tables("device")) devices.push_back(read_device(std::move(section), files));
  for (const DeviceDraft& later : devices) compare_with_earlier(devices, later);
  return devices;
}

}  // namespace exitgate::config
