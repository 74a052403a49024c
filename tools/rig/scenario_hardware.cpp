#include <algorithm>
#include <charconv>

#include "tools/rig/scenario_sections.hpp"

namespace exitgate::rig {
namespace {

constexpr std::int64_t kMaxPoints = 2000;

const ModuleSpec* find_module(const Scenario& scenario, const std::string& name) {
  const auto found = std::find_if(scenario.modules.begin(), scenario.modules.end(),
                                  [&name](const ModuleSpec& module) { return module.name == name; });
  return found == scenario.modules.end() ? nullptr : &*found;
}

/// "io1/discrete/3" or "io1/coil/0".
std::optional<PointRef> parse_point(const Scenario& scenario, const std::string& text, bool coil) {
  const std::string middle = coil ? "/coil/" : "/discrete/";
  const auto at = text.find(middle);
  if (at == std::string::npos) return std::nullopt;
  PointRef point;
  point.module = text.substr(0, at);
  const std::string digits = text.substr(at + middle.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), point.index);
  const ModuleSpec* const module = find_module(scenario, point.module);
  const bool number = error == std::errc{} && end == digits.data() + digits.size() && !digits.empty();
  if (!number || module == nullptr || point.index >= (coil ? module->coils : module->inputs)) return std::nullopt;
  return point;
}

std::optional<PointRef> read_point(const Scenario& scenario, TomlFields& fields, std::string_view key, bool coil,
                                   const ReadContext& context) {
  const toml::node* const node = fields.find(key);
  if (node == nullptr) return std::nullopt;
  std::string text;
  bool inverted = false;
  if (const toml::table* const table = node->as_table()) {
    TomlFields point(*table, fields.path(key), context.findings);
    text = point.required_text("point");
    // The barrier and hold-open wires close when energised, everything else acts when energised.
    inverted = coil ? point.choice("energised", {"closed", "on", "open", "off"}).value_or(0) >= 2
                    : point.choice("active", {"high", "low"}).value_or(0) == 1;
  } else {
    text = node->value_exact<std::string>().value_or("");
  }
  auto point = parse_point(scenario, text, coil);
  if (!point) {
    fields.complain(key, "found \"" + text + "\"; expected MODULE/" + (coil ? "coil" : "discrete") +
                             "/NUMBER of a [[module]] that has so many");
    return std::nullopt;
  }
  point->active_high = !inverted;
  return point;
}

void read_beacons(TomlFields& root, const ReadContext& context, Scenario& scenario) {
  const toml::table* const table = root.table("beacons");
  if (table == nullptr) return;
  TomlFields fields(*table, "beacons", context.findings);
  BeaconSpec& beacons = scenario.beacons;
  beacons.store_id = fields.required_text("store_id");
  beacons.key_file = context.resolve(fields.required_text("key_file"));
  beacons.company_id = static_cast<std::uint16_t>(fields.integer("company_id", 0, 0xFFFF).value_or(0xFFFF));
  beacons.measured_power_dbm = static_cast<std::int8_t>(fields.integer("measured_power_dbm", -100, 20).value_or(-59));
  beacons.radio.loss = fields.number("packet_loss", 0, 1).value_or(beacons.radio.loss);
  beacons.radio.deviation_db = fields.number("deviation_db", 0, 20).value_or(beacons.radio.deviation_db);
}

void read_module(const toml::table& table, const std::string& name, const ReadContext& context, Scenario& scenario) {
  TomlFields fields(table, name, context.findings);
  ModuleSpec module;
  module.name = fields.required_text("name");
  module.rtu = fields.choice("transport", {"tcp", "rtu"}).value_or(0) == 1;
  module.address = module.rtu ? context.resolve(fields.required_text("path")) : fields.required_text("address");
  if (const auto given = context.addresses.find(module.name); given != context.addresses.end())
    module.address = given->second;
  if (!module.rtu && !parse_host_port(module.address)) {
    fields.complain("address", "found \"" + module.address + "\"; expected HOST:PORT");
  }
  module.unit = static_cast<std::uint8_t>(fields.integer("unit", 1, 247).value_or(1));
  module.inputs = static_cast<std::size_t>(fields.integer("inputs", 1, kMaxPoints).value_or(32));
  module.coils = static_cast<std::size_t>(fields.integer("coils", 1, kMaxPoints).value_or(32));
  const Duration silence = fields.seconds("drops_outputs_after_s").value_or(std::chrono::seconds{2});
  if (fields.flag("fail_safe", true)) module.drops_after = silence;
  if (find_module(scenario, module.name) != nullptr) {
    fields.complain("name", "found \"" + module.name + "\" again; expected a name of its own");
  }
  scenario.modules.push_back(std::move(module));
}

void read_receiver(const toml::table& table, const std::string& name, const ReadContext& context, Scenario& scenario) {
  TomlFields fields(table, name, context.findings);
  ReceiverSpec receiver;
  receiver.name = fields.required_text("name");
  std::string text = fields.required_text("address");
  if (const auto given = context.addresses.find(receiver.name); given != context.addresses.end()) text = given->second;
  if (auto address = parse_address(text)) {
    receiver.address = *address;
    receiver.address.path = context.resolve(address->path);
  } else {
    fields.complain("address", address.error().message);
  }
  receiver.place = {fields.number("x_m", -50, 50).value_or(-0.5), fields.number("y_m", -100, 100).value_or(0),
                    fields.number("height_m", 0, 10).value_or(0.8)};
  receiver.traits.extended = fields.flag("extended", true);
  receiver.traits.fragment_bytes = static_cast<std::size_t>(fields.integer("fragment_bytes", 1, 229).value_or(229));
  receiver.traits.address[5] = static_cast<std::uint8_t>(scenario.receivers.size() + 1);
  scenario.receivers.push_back(std::move(receiver));
}

void read_points(TomlFields& lane, std::string_view section, bool coils, const std::vector<std::string_view>& names,
                 const ReadContext& context, const Scenario& scenario, std::map<std::string, PointRef>& points) {
  const toml::table* const table = lane.table(section);
  if (table == nullptr) return;
  TomlFields fields(*table, lane.path(section), context.findings);
  for (const auto name : names) {
    if (const auto point = read_point(scenario, fields, name, coils, context)) points.emplace(name, *point);
  }
}

void read_lane(const toml::table& table, const std::string& name, const ReadContext& context, Scenario& scenario) {
  TomlFields fields(table, name, context.findings);
  LaneSpec lane;
  lane.id = fields.required_text("id");
  lane.y_m = fields.number("y_m", -100, 100).value_or(0);
  const bool pulse = fields.choice("drive", {"maintained", "pulse"}).value_or(0) == 1;
  lane.barrier.drive = pulse ? Drive::kPulse : Drive::kMaintained;
  lane.barrier.open_travel = fields.seconds("open_s").value_or(lane.barrier.open_travel);
  lane.barrier.close_travel = fields.seconds("close_s").value_or(lane.barrier.close_travel);
  lane.barrier.unit_waits = fields.seconds("unit_waits_s").value_or(lane.barrier.unit_waits);
  read_points(fields, "inputs", false,
              {"approach", "safety", "exit", "passage", "barrier_open", "barrier_closed", "release", "staff_key"},
              context, scenario, lane.inputs);
  read_points(fields, "outputs", true, {"barrier", "open_pulse", "hold_open", "signal_green", "signal_red", "buzzer"},
              context, scenario, lane.outputs);
  if (!lane.outputs.contains(pulse ? "open_pulse" : "barrier")) {
    fields.complain("outputs",
                    std::string("found no ") + (pulse ? "open_pulse" : "barrier") + "; expected the gate's drive");
  }
  if (scenario.lane(lane.id) != nullptr)
    fields.complain("id", "found \"" + lane.id + "\" again; expected an id of its own");
  scenario.lanes.push_back(std::move(lane));
}

}  // namespace

void read_hardware(const toml::table& root, TomlFields& fields, const ReadContext& context, Scenario& scenario) {
  const auto each = [&](std::string_view key, auto&& read) {
    std::size_t number = 0;
    for (const toml::table* const table : fields.tables(key)) {
      read(*table, std::string(key) + "[" + std::to_string(number++) + "]", context, scenario);
    }
  };
  read_beacons(fields, context, scenario);
  each("module", read_module);
  each("receiver", read_receiver);
  each("lane", read_lane);
  if (const toml::table* const table = fields.table("inputs")) {
    TomlFields inputs(*table, "inputs", context.findings);
    scenario.fire_alarm = read_point(scenario, inputs, "fire_alarm", false, context);
  }
  if (scenario.modules.empty())
    context.findings.add(root.source(), "module", "found none; expected at least one [[module]]");
  if (scenario.lanes.empty()) context.findings.add(root.source(), "lane", "found none; expected at least one [[lane]]");
  if (!scenario.receivers.empty() && scenario.beacons.store_id.empty()) {
    context.findings.add(root.source(), "beacons",
                         "found none; expected store_id and key_file, as there are receivers");
  }
}

}  // namespace exitgate::rig
