#include "config/config_json.hpp"

#include <boost/json.hpp>
#include <string_view>
#include <utility>

namespace exitgate::config {
namespace {

namespace json = boost::json;

std::string_view admit_or_refuse(bool admit) { return admit ? "admit" : "refuse"; }

json::object backend_json(const BackendConfig& backend) {
  return {{"url", "https://" + to_string(backend.endpoint) + backend.base_path},
          {"ca_file", backend.ca_file.string()},
          {"certificate_file", backend.certificate_file.string()},
          {"private_key_file", backend.private_key_file.string()},
          {"connect_timeout_ms", to_ms(backend.connect_timeout)},
          {"confirm_timeout_ms", to_ms(backend.confirm_timeout)}};
}

json::object beacons_json(const BeaconsConfig& beacons, const BeaconPolicy& policy) {
  return {{"company_id", beacons.company_id},       {"keys", beacons.keys.size()},
          {"max_age_s", policy.max_age_s},          {"near_dbm", policy.near_dbm},
          {"margin_db", policy.margin_db},          {"dwell_ms", to_ms(policy.dwell)},
          {"smoothing_ms", to_ms(policy.smoothing)}};
}

json::object offline_json(const OfflinePolicyConfig& offline) {
  return {{"signed_passes", offline.signed_passes},
          {"carts", admit_or_refuse(offline.admit_carts)},
          {"walkouts", admit_or_refuse(offline.admit_walkouts)},
          {"mixed_walkouts", admit_or_refuse(offline.admit_mixed_walkouts)},
          {"max_outage_minutes", offline.max_outage_minutes},
          {"max_exits_per_hour", offline.max_exits_per_hour},
          {"max_total_minor", offline.max_total_minor},
          {"assumed_total_minor", offline.assumed_total_minor}};
}

json::object api_json(const ApiConfig& api) {
  json::object out{{"socket", api.socket.string()}};
  if (api.listen) out["listen"] = to_string(*api.listen);
  if (api.tls_certificate_file) out["tls_certificate_file"] = api.tls_certificate_file->string();
  if (api.tls_private_key_file) out["tls_private_key_file"] = api.tls_private_key_file->string();
  if (api.users_file) out["users_file"] = api.users_file->string();
  return out;
}

void put_driver(json::object& out, const ModbusTcp& tcp) {
  out["address"] = to_string(tcp.address);
  out["unit"] = tcp.unit;
  out["poll_ms"] = to_ms(tcp.poll);
  out["response_ms"] = to_ms(tcp.response);
}

void put_driver(json::object& out, const ModbusRtu& rtu) {
  constexpr std::string_view kParities[]{"none", "even", "odd"};
  out["path"] = rtu.path.string();
  out["baud"] = rtu.baud;
  out["parity"] = kParities[static_cast<std::size_t>(rtu.parity)];
  out["stop_bits"] = rtu.stop_bits;
  out["unit"] = rtu.unit;
  out["poll_ms"] = to_ms(rtu.poll);
  out["response_ms"] = to_ms(rtu.response);
}

void put_driver(json::object& out, const GpioChip& chip) { out["path"] = chip.path.string(); }

void put_driver(json::object& out, const HciUart& uart) {
  if (const auto* tty = std::get_if<TtyTransport>(&uart.transport)) {
    out["path"] = tty->path.string();
    out["baud"] = tty->baud;
    out["flow_control"] = tty->flow_control;
  } else if (const auto* peer = std::get_if<UnixTransport>(&uart.transport)) {
    out["path"] = "unix:" + peer->path.string();
  } else {
    out["path"] = "tcp:" + to_string(std::get<TcpTransport>(uart.transport).address);
  }
}

void put_driver(json::object& out, const HciSocket& socket) { out["index"] = socket.index; }
void put_driver(json::object&, const Sim&) {}

json::object device_json(const Device& device) {
  json::object out{
      {"name", device.name.view()}, {"driver", driver_name(device.driver)}, {"fail_safe", device.fail_safe}};
  std::visit([&](const auto& driver) { put_driver(out, driver); }, device.driver);
  return out;
}

json::object input_json(const StoreConfig& config, const InputBinding& binding) {
  constexpr std::string_view kBiases[]{"as-is", "pull-up", "pull-down"};
  const Point& point = config.points.at(binding.point);
  const Bias bias = config.devices.at(point.device).inputs.at(point.index).bias;
  return {{"point", point.address},
          {"active", point.active_high ? "high" : "low"},
          {"debounce_ms", to_ms(binding.debounce)},
          {"bias", kBiases[static_cast<std::size_t>(bias)]}};
}

json::object output_json(const StoreConfig& config, const OutputBinding& binding, bool holds_barrier) {
  json::object out{{"point", config.points.at(binding.point).address}};
  if (holds_barrier) out["energised"] = binding.energised_closed ? "closed" : "open";
  return out;
}

json::object timing_json(const LaneTiming& timing) {
  return {{"no_beacon_ms", to_ms(timing.no_beacon)},
          {"bind_wait_ms", to_ms(timing.bind_wait)},
          {"ambiguity_ms", to_ms(timing.ambiguity)},
          {"durable_ms", to_ms(timing.durable)},
          {"lapse_ms", to_ms(timing.lapse)},
          {"close_delay_ms", to_ms(timing.close_delay)},
          {"open_travel_ms", to_ms(timing.open_travel)},
          {"close_travel_ms", to_ms(timing.close_travel)},
          {"join_gap_ms", to_ms(timing.join_gap)},
          {"party_gap_ms", to_ms(timing.party_gap)},
          {"loiter_ms", to_ms(timing.loiter)},
          {"stuck_ms", to_ms(timing.stuck)},
          {"stale_ms", to_ms(timing.stale)},
          {"device_lost_ms", to_ms(timing.device_lost)},
          {"settle_ms", to_ms(timing.settle)},
          {"pulse_ms", to_ms(timing.pulse)}};
}

json::object lane_json(const StoreConfig& config, const LaneConfig& lane) {
  json::object inputs;
  json::object outputs;
  for (std::size_t i = 0; i < kInputRoleCount; ++i) {
    const auto role = static_cast<InputRole>(i);
    if (const auto& binding = lane.input(role)) inputs[to_string(role)] = input_json(config, *binding);
  }
  for (std::size_t i = 0; i < kOutputRoleCount; ++i) {
    const auto role = static_cast<OutputRole>(i);
    const bool holds_barrier = role == OutputRole::kBarrier || role == OutputRole::kHoldOpen;
    if (const auto& binding = lane.output(role))
      outputs[to_string(role)] = output_json(config, *binding, holds_barrier);
  }
  json::object out{{"id", lane.id.view()}, {"mode", to_string(lane.mode)}, {"accessible", lane.accessible}};
  if (lane.receiver) out["receiver"] = config.devices.at(*lane.receiver).name.view();
  out["inputs"] = std::move(inputs);
  out["outputs"] = std::move(outputs);
  out["timing"] = timing_json(lane.timing);
  return out;
}

}  // namespace

std::string to_json(const StoreConfig& config) {
  const GateConfig& gate = config.gate;
  json::object out{{"schema", 1}};
  out["store"] = {{"id", gate.store_id.view()}, {"gate", gate.gate_id.view()}, {"timezone", config.timezone}};
  out["clock"] = {{"trust", config.clock_trust == ClockTrust::kAlways ? "always" : "kernel"}};
  out["backend"] = backend_json(config.backend);
  if (config.beacons) out["beacons"] = beacons_json(*config.beacons, gate.beacons);
  out["offline"] = offline_json(gate.offline);
  out["receipts"] = {{"database", config.receipts.database.string()},
                     {"max_queued", config.receipts.max_queued},
                     {"retention_days", config.receipts.retention_days}};
  out["api"] = api_json(config.api);
  out["shutdown"] = {{"outputs", config.shutdown_outputs == ShutdownOutputs::kHold ? "hold" : "open"}};
  json::array devices;
  for (const Device& device : config.devices) devices.push_back(device_json(device));
  json::array lanes;
  for (const LaneConfig& lane : gate.lanes) lanes.push_back(lane_json(config, lane));
  out["device"] = std::move(devices);
  out["lane"] = std::move(lanes);
  json::object inputs;
  json::object outputs;
  if (gate.fire_alarm) inputs["fire_alarm"] = input_json(config, *gate.fire_alarm);
  if (gate.alive) outputs["alive"] = output_json(config, *gate.alive, false);
  if (gate.healthy) outputs["healthy"] = output_json(config, *gate.healthy, false);
  out["inputs"] = std::move(inputs);
  out["outputs"] = std::move(outputs);
  return json::serialize(out);
}

}  // namespace exitgate::config
