#include <algorithm>

#include "config/bus_cycle.hpp"
#include "config/lane_draft.hpp"
#include "config/spelling.hpp"

namespace exitgate::config {
namespace {

Place place_of(const LaneDraft& draft, const std::optional<Section>& table, std::string_view name) {
  return table ? table->place_of(name) : draft.section.place();
}

void lacks(const LaneDraft& draft, InputRole role, const std::string& name, const std::string& why) {
  if (draft.lane.input(role)) return;
  draft.section.report().error(place_of(draft, draft.inputs, name), draft.section.key("inputs") + "." + name, "nothing",
                               "a point: " + why);
}

void complain_output(const LaneDraft& draft, const std::string& name, std::string found, std::string expected) {
  draft.section.report().error(place_of(draft, draft.outputs, name), draft.section.key("outputs") + "." + name,
                               std::move(found), std::move(expected));
}

void warn_output(const LaneDraft& draft, const std::string& name, std::string found, std::string expected) {
  draft.section.report().warning(place_of(draft, draft.outputs, name), draft.section.key("outputs") + "." + name,
                                 std::move(found), std::move(expected));
}

void judge_barrier(const LaneDraft& draft) {
  const std::string why = "a lane with a barrier needs approach, safety and exit";
  lacks(draft, InputRole::kApproach, "approach", why);
  lacks(draft, InputRole::kSafety, "safety", why);
  lacks(draft, InputRole::kExit, "exit", why);
  if (draft.lane.output(OutputRole::kHoldOpen)) {
    complain_output(draft, "hold_open", "it beside barrier",
                    "it beside open_pulse only: a maintained barrier holds itself open");
  }
}

void judge_pulse(const LaneDraft& draft) {
  lacks(draft, InputRole::kApproach, "approach", "a lane with open_pulse needs approach");
  if (!draft.lane.input(InputRole::kPassage) && !draft.lane.input(InputRole::kExit)) {
    lacks(draft, InputRole::kPassage, "passage", "a lane with open_pulse needs passage or exit");
  }
  if (!draft.lane.output(OutputRole::kHoldOpen)) {
    complain_output(draft, "hold_open", "nothing",
                    "a point, wired to the gate's fire or hold input: open_pulse needs it to stay open");
  }
}

/// What holds a barrier closed must let go of it by itself.
void judge_fail_safe(const LaneDraft& draft, OutputRole role, PointTable& points, bool has_alive) {
  const auto& output = draft.lane.output(role);
  const std::string name(to_string(role));
  const DeviceDraft* device = output ? points.device(output->device) : nullptr;
  if (device == nullptr || !device->driver_valid) return;
  const std::string device_name = device->device.name.str();
  const bool gpio = std::holds_alternative<GpioChip>(device->device.driver);
  if (!device->device.fail_safe && role == OutputRole::kBarrier) {
    complain_output(
        draft, name, "a point of " + device_name + ", which is not fail_safe",
        "a device that drops its outputs within 2 s of losing the daemon, and says so with fail_safe = true");
  } else if (!device->device.fail_safe) {
    warn_output(draft, name, "a point of " + device_name + ", which is not fail_safe",
                "a device with fail_safe = true, so that losing the daemon opens");
  } else if (gpio && !has_alive) {
    warn_output(draft, name, "a gpiochip without outputs.alive",
                "outputs.alive, wired to the watchdog relay that makes " + device_name + " fail safe");
  }
  if (!output->energised_closed) {
    warn_output(draft, name, "energised = \"open\"", "energised = \"closed\", so that losing power or cable opens");
  }
}

struct Polling {
  Duration period{};
  std::string what;
  bool bus = false;
};

int bits_per_character(const ModbusRtu& rtu) { return 1 + 8 + (rtu.parity == Parity::kNone ? 0 : 1) + rtu.stop_bits; }

Polling polling_of_bus(const ModbusRtu& rtu, const std::vector<DeviceDraft>& devices) {
  std::vector<BusModule> modules;
  Duration slowest_poll{};
  for (const DeviceDraft& draft : devices) {
    const auto* other = std::get_if<ModbusRtu>(&draft.device.driver);
    if (other == nullptr || other->path != rtu.path) continue;
    BusModule& module = modules.emplace_back();
    module.has_outputs = !draft.device.outputs.empty();
    slowest_poll = std::max(slowest_poll, other->poll);
    for (const DeviceInput& input : draft.device.inputs) {
      if (const auto* discrete = std::get_if<DiscreteAddress>(&input.address))
        module.discretes.push_back(discrete->number);
    }
  }
  const Duration wire = bus_cycle({rtu.baud, bits_per_character(rtu)}, modules);
  const std::string text = std::to_string(modules.size()) + (modules.size() == 1 ? " module" : " modules") + " at " +
                           std::to_string(rtu.baud) + " baud";
  return {std::max(wire, slowest_poll), "the cycle of " + rtu.path.string() + " (" + text + ")", true};
}

std::optional<Polling> polling_of(const DeviceDraft& device, const std::vector<DeviceDraft>& devices) {
  if (const auto* tcp = std::get_if<ModbusTcp>(&device.device.driver)) {
    return Polling{tcp->poll, "poll_ms of " + device.device.name.str(), false};
  }
  const auto* rtu = std::get_if<ModbusRtu>(&device.device.driver);
  if (rtu == nullptr || rtu->path.empty()) return std::nullopt;
  return polling_of_bus(*rtu, devices);
}

/// Tenths of a millisecond, rounded up: "50.4".
std::string shown_ms(Duration duration) {
  const std::int64_t tenths = (duration.count() + 99) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

void judge_lane(const LaneDraft& draft, PointTable& points, bool has_alive) {
  const bool barrier = draft.lane.output(OutputRole::kBarrier).has_value();
  const bool pulse = draft.lane.pulse_drive();
  if (barrier && pulse) complain_output(draft, "open_pulse", "it beside barrier", "either barrier or open_pulse");
  if (!barrier && !pulse)
    complain_output(draft, "barrier", "nothing", "a point for barrier, or for open_pulse with hold_open");
  if (barrier && !pulse) judge_barrier(draft);
  if (pulse && !barrier) judge_pulse(draft);
  judge_fail_safe(draft, OutputRole::kBarrier, points, has_alive);
  judge_fail_safe(draft, OutputRole::kHoldOpen, points, has_alive);
}

void judge_polling(const LaneDraft& draft, const std::vector<DeviceDraft>& devices) {
  const auto& safety = draft.lane.input(InputRole::kSafety);
  if (!safety || safety->device >= devices.size()) return;
  const auto polling = polling_of(devices[safety->device], devices);
  const Duration stale = draft.lane.timing.stale;
  if (!polling || polling->period * 2 <= stale) return;
  const Place place = place_of(draft, draft.inputs, "safety");
  const std::string key = draft.section.key("inputs") + ".safety";
  const std::string found = shown_ms(polling->period) + " ms for " + polling->what;
  const std::string half = "at most " + shown_ms(stale / 2) + " ms, half of stale_ms";
  if (polling->bus) {
    draft.section.report().error(place, key, found,
                                 half + ": a faster line, fewer modules on it, or a longer stale_ms");
  } else {
    draft.section.report().warning(place, key, found, half + ", or safety reads as blocked now and then");
  }
}

}  // namespace exitgate::config
