#include "daemon/drivers.hpp"

#include <optional>

#include "hal/gpiod/gpiod_device.hpp"
#include "hal/hci/hci_uart.hpp"
#include "runtime/journal.hpp"

namespace exitgate::daemon {
namespace {

using RequestTook = std::function<void(DeviceId, Duration)>;

hal::ModbusUnit unit_of(const config::Device& device, int unit, Duration poll, Duration response) {
  hal::ModbusUnit out{
      .name = device.name.str(), .unit = unit, .poll = poll, .response = response, .inputs = {}, .output_coils = {}};
  for (const auto& input : device.inputs) {
    if (const auto* discrete = std::get_if<config::DiscreteAddress>(&input.address)) {
      out.inputs.push_back({hal::BitTable::kDiscrete, discrete->number});
    } else if (const auto* coil = std::get_if<config::CoilAddress>(&input.address)) {
      out.inputs.push_back({hal::BitTable::kCoil, coil->number});
    }
  }
  for (const auto& output : device.outputs) {
    if (const auto* coil = std::get_if<config::CoilAddress>(&output.address)) out.output_coils.push_back(coil->number);
  }
  return out;
}

Status add_bus(Drivers& drivers, Result<std::unique_ptr<hal::ModbusBus>> bus, const std::vector<DeviceId>& ids) {
  if (!bus) return fail(bus.error());
  for (std::size_t i = 0; i < ids.size(); ++i) drivers.digital[ids[i]] = &(*bus)->device(i);
  drivers.buses.push_back(std::move(*bus));
  return {};
}

hal::RequestTimeObserver timer_for(const std::vector<DeviceId>& ids, const RequestTook& took) {
  return [ids, took](std::size_t device, Duration duration) {
    if (took && device < ids.size()) took(ids[device], duration);
  };
}

Status add_tcp(boost::asio::io_context& loop, Drivers& drivers, DeviceId id, const config::Device& device,
               const config::ModbusTcp& tcp, const RequestTook& took) {
  hal::ModbusTcpSettings settings;
  settings.host = tcp.address.host;
  settings.port = tcp.address.port;
  return add_bus(drivers,
                 hal::ModbusBus::open_tcp(loop, settings, {unit_of(device, tcp.unit, tcp.poll, tcp.response)},
                                          timer_for({id}, took)),
                 {id});
}

/// Devices that share a path are one bus.
Status add_rtu_buses(boost::asio::io_context& loop, Drivers& drivers, const config::StoreConfig& config,
                     const RequestTook& took) {
  std::map<std::string, std::vector<DeviceId>> by_path;
  for (std::size_t i = 0; i < config.devices.size(); ++i) {
    if (const auto* rtu = std::get_if<config::ModbusRtu>(&config.devices[i].driver)) {
      by_path[rtu->path.string()].push_back(static_cast<DeviceId>(i));
    }
  }
  for (const auto& [path, ids] : by_path) {
    const auto& first = std::get<config::ModbusRtu>(config.devices[ids.front()].driver);
    static constexpr std::array<char, 3> kParity{'N', 'E', 'O'};
    hal::ModbusRtuSettings settings{.path = path,
                                    .baud = first.baud,
                                    .parity = kParity.at(static_cast<std::size_t>(first.parity)),
                                    .stop_bits = first.stop_bits,
                                    .rs485 = {}};
    std::vector<hal::ModbusUnit> units;
    for (const auto id : ids) {
      const auto& rtu = std::get<config::ModbusRtu>(config.devices[id].driver);
      units.push_back(unit_of(config.devices[id], rtu.unit, rtu.poll, rtu.response));
    }
    if (auto added = add_bus(drivers, hal::ModbusBus::open_rtu(loop, settings, units, timer_for(ids, took)), ids);
        !added)
      return added;
  }
  return {};
}

std::unique_ptr<hal::AdvertSource> hci_source(boost::asio::io_context& loop, const config::HciUart& hci) {
  if (const auto* tty = std::get_if<config::TtyTransport>(&hci.transport)) {
    return hal::make_hci_uart(loop, {.path = tty->path.string(), .baud = tty->baud, .flow_control = tty->flow_control});
  }
  if (const auto* local = std::get_if<config::UnixTransport>(&hci.transport)) {
    return hal::make_hci_uart(loop, {.path = "unix:" + local->path.string()});
  }
  return hal::make_hci_uart(
      loop, {.path = "tcp:" + config::to_string(std::get<config::TcpTransport>(hci.transport).address)});
}

std::optional<hal::GpiodLineId> line_of(const config::PointAddress& address) {
  if (const auto* name = std::get_if<config::LineName>(&address)) return hal::GpiodLineId{name->name};
  if (const auto* number = std::get_if<config::LineOffset>(&address)) {
    return hal::GpiodLineId{static_cast<unsigned>(number->offset)};
  }
  return std::nullopt;
}

hal::GpiodBias bias_of(config::Bias bias) {
  switch (bias) {
    case config::Bias::kPullUp:
      return hal::GpiodBias::kPullUp;
    case config::Bias::kPullDown:
      return hal::GpiodBias::kPullDown;
    case config::Bias::kAsIs:
      break;
  }
  return hal::GpiodBias::kAsIs;
}

Result<std::unique_ptr<hal::DigitalDevice>> gpio_device(boost::asio::io_context& loop, const config::Device& device,
                                                        const config::GpioChip& chip) {
  hal::GpiodSettings settings;
  settings.name = device.name.str();
  settings.chip_path = chip.path.string();
  settings.notice = [name = settings.name](const Error& error) {
    runtime::log(runtime::LogLevel::kWarning, "device " + name + ": " + error.message);
  };
  const auto not_a_line = [&] {
    return fail("driver_point", settings.name + ": a point of a gpiochip must be a line");
  };
  for (const auto& input : device.inputs) {
    const auto line = line_of(input.address);
    if (!line) return not_a_line();
    settings.inputs.push_back({*line, bias_of(input.bias)});
  }
  for (const auto& output : device.outputs) {
    const auto line = line_of(output.address);
    if (!line) return not_a_line();
    settings.outputs.push_back({*line});
  }
  return hal::make_gpiod_device(loop, std::move(settings));
}

}  // namespace

Result<Drivers> build_drivers(boost::asio::io_context& loop, const config::StoreConfig& config,
                              const RequestTook& request_took) {
  Drivers drivers;
  for (std::size_t i = 0; i < config.devices.size(); ++i) {
    const auto id = static_cast<DeviceId>(i);
    const auto& device = config.devices[i];
    if (const auto* tcp = std::get_if<config::ModbusTcp>(&device.driver)) {
      if (auto added = add_tcp(loop, drivers, id, device, *tcp, request_took); !added) return fail(added.error());
    } else if (const auto* chip = std::get_if<config::GpioChip>(&device.driver)) {
      auto made = gpio_device(loop, device, *chip);
      if (!made) return fail(made.error());
      drivers.digital[id] = made->get();
      drivers.owned.push_back(std::move(*made));
    } else if (const auto* hci = std::get_if<config::HciUart>(&device.driver)) {
      drivers.adverts[id] = hci_source(loop, *hci);
    } else if (!std::holds_alternative<config::ModbusRtu>(device.driver)) {
      return fail("driver_missing", "device " + device.name.str() + ": this daemon has no driver \"" +
                                        std::string(config::driver_name(device.driver)) +
                                        "\"; use another in the store file");
    }
  }
  if (auto added = add_rtu_buses(loop, drivers, config, request_took); !added) return fail(added.error());
  return drivers;
}

}  // namespace exitgate::daemon
