#include "tools/rig/plant.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <fstream>

namespace exitgate::rig {
namespace {

constexpr Duration kAttended{std::chrono::seconds{1}};

}  // namespace

Result<std::unique_ptr<Plant>> Plant::open(boost::asio::io_context& io, const Scenario& scenario) {
  std::unique_ptr<Plant> plant(new Plant(scenario));
  for (const auto& done :
       {plant->read_key(scenario), plant->open_modules(io, scenario), plant->open_receivers(io, scenario)}) {
    if (!done) return fail(done.error());
  }
  return plant;
}

Plant::Plant(const Scenario& scenario) : fire_point_(scenario.fire_alarm) {
  for (const auto& module : scenario.modules) {
    modules_.emplace(module.name, ModbusModule(module.inputs, module.coils, module.drops_after));
    address_of_[module.name] = module.address;
  }
  for (const auto& lane : scenario.lanes) lanes_.push_back({lane, LaneModel(lane.barrier)});
}

Status Plant::read_key(const Scenario& scenario) {
  std::array<std::uint8_t, 32> key{};
  if (!scenario.beacons.key_file.empty()) {
    std::ifstream in(scenario.beacons.key_file);
    std::string digits;
    in >> digits;
    const auto bytes = parse_hex(digits);
    if (!bytes || bytes->size() != key.size()) {
      return fail("bad_key", scenario.beacons.key_file + ": expected a beacon key of 64 hex digits");
    }
    std::copy(bytes->begin(), bytes->end(), key.begin());
  }
  carts_ = std::make_unique<CartFleet>(scenario.beacons, key, scenario.seed);
  return {};
}

Status Plant::open_modules(boost::asio::io_context& io, const Scenario& scenario) {
  std::map<std::string, std::pair<bool, Units>> by_address;
  for (const auto& module : scenario.modules) {
    auto& [rtu, units] = by_address[module.address];
    rtu = module.rtu;
    if (!units.emplace(module.unit, &modules_.at(module.name)).second) {
      return fail("bad_scenario", "module " + module.name + ": unit " + std::to_string(module.unit) +
                                      " is there twice on " + module.address);
    }
  }
  for (const auto& [address, what] : by_address) {
    if (what.first) {
      auto& slave = rtu_[address] = std::make_unique<ModbusRtuSlave>(io, what.second);
      if (auto opened = slave->open(address); !opened) return opened;
    } else {
      auto& server = tcp_[address] = std::make_unique<ModbusTcpServer>(io, what.second);
      if (auto listening = server->listen(address); !listening) return listening;
    }
  }
  for (const auto& module : scenario.modules)
    endpoints_.push_back(module.name + " " + reached_at(module.name, module.address));
  return {};
}

Status Plant::open_receivers(boost::asio::io_context& io, const Scenario& scenario) {
  for (const auto& spec : scenario.receivers) {
    auto receiver = std::make_unique<Receiver>(Receiver{spec.name, HciController(spec.traits), nullptr});
    receiver->server = std::make_unique<H4Server>(io, receiver->controller);
    if (auto listening = receiver->server->listen(spec.address); !listening) return listening;
    receivers_.push_back(std::move(receiver));
    receiver_places_.push_back(spec.place);
    endpoints_.push_back(spec.name + " " + reached_at(spec.name, spec.address.path));
  }
  return {};
}

/// Port 0 in the scenario became a free one.
std::string Plant::reached_at(const std::string& part, const std::string& path) const {
  const std::uint16_t taken = port(part);
  const auto colon = path.rfind(':');
  if (taken == 0) return path;
  return (colon == std::string::npos ? "127.0.0.1" : path.substr(0, colon)) + ":" + std::to_string(taken);
}

const LaneOnPlant* Plant::lane(std::string_view id) const {
  const auto found =
      std::find_if(lanes_.begin(), lanes_.end(), [id](const LaneOnPlant& lane) { return lane.spec.id == id; });
  return found == lanes_.end() ? nullptr : &*found;
}

LaneOnPlant* Plant::lane(std::string_view id) {
  return const_cast<LaneOnPlant*>(static_cast<const Plant*>(this)->lane(id));
}

bool Plant::output(const LaneSpec& lane, const char* name, bool fallback) const {
  const auto point = lane.outputs.find(name);
  if (point == lane.outputs.end()) return fallback;
  return modules_.at(point->second.module).coil(point->second.index) == point->second.active_high;
}

void Plant::set_input(const PointRef& point, bool active) {
  modules_.at(point.module).set_input(point.index, active == point.active_high);
}

void Plant::step_lane(LaneOnPlant& lane, MonoTime now) {
  const BarrierDrive drive{.coil_closes = output(lane.spec, "barrier", false),
                           .open_pulse = output(lane.spec, "open_pulse", false),
                           .hold_open_closes = output(lane.spec, "hold_open", true)};
  const Lamps lamps{.green = output(lane.spec, "signal_green", false),
                    .red = output(lane.spec, "signal_red", false),
                    .buzzer = output(lane.spec, "buzzer", false)};
  const LaneSignals signals = lane.model.step(drive, lamps, now);
  const std::pair<const char*, bool> levels[] = {{"approach", signals.approach},
                                                 {"safety", signals.safety},
                                                 {"exit", signals.exit},
                                                 {"passage", signals.passage},
                                                 {"barrier_open", signals.barrier_open},
                                                 {"barrier_closed", signals.barrier_closed},
                                                 {"release", signals.release},
                                                 {"staff_key", signals.staff_key}};
  for (const auto& [name, active] : levels) {
    const auto point = lane.spec.inputs.find(name);
    if (point != lane.spec.inputs.end()) set_input(point->second, active);
  }
}

void Plant::step(MonoTime now, WallTime wall) {
  for (auto& [name, module] : modules_) module.step(now);
  for (auto& lane : lanes_) step_lane(lane, now);
  if (fire_point_) set_input(*fire_point_, fire_);
  for (auto& heard : carts_->step(now, wall, receiver_places_)) receivers_[heard.receiver]->server->hear(heard.advert);
}

void Plant::plug(const std::string& part, bool connected) {
  for (const auto& receiver : receivers_) {
    if (receiver->name == part) receiver->server->plug(connected);
  }
  const auto address = address_of_.find(part);
  if (address == address_of_.end()) return;
  if (const auto server = tcp_.find(address->second); server != tcp_.end()) server->second->plug(connected);
  if (const auto slave = rtu_.find(address->second); slave != rtu_.end()) slave->second->plug(connected);
}

void Plant::hang(const std::string& receiver, bool hung) {
  for (const auto& candidate : receivers_) {
    if (candidate->name == receiver) candidate->controller.hang(hung);
  }
}

std::string Plant::missing(MonoTime now) const {
  for (const auto& [name, module] : modules_) {
    if (!module.asked_at() || now - *module.asked_at() > kAttended) return "module " + name + " is not asked";
  }
  for (const auto& receiver : receivers_) {
    if (!receiver->controller.scanning()) return "receiver " + receiver->name + " does not scan";
  }
  return {};
}

bool Plant::attended(MonoTime now) const { return missing(now).empty(); }

std::uint16_t Plant::port(const std::string& part) const {
  const auto address = address_of_.find(part);
  if (address != address_of_.end() && tcp_.contains(address->second)) return tcp_.at(address->second)->port();
  for (const auto& receiver : receivers_) {
    if (receiver->name == part) return receiver->server->port();
  }
  return 0;
}

}  // namespace exitgate::rig
