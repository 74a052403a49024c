#include "core/inputs.hpp"

#include <algorithm>

namespace exitgate {

InputTable::InputTable(const GateConfig& config, MonoTime start) { reconfigure(config, start); }

void InputTable::reconfigure(const GateConfig& config, MonoTime now) {
  for (auto& point : points_) point.used = false;
  const auto known_devices = devices_.size();
  devices_.resize(config.devices.size());
  for (auto i = known_devices; i < devices_.size(); ++i) devices_[i].unheard_since = now;
  for (const auto& lane : config.lanes) {
    for (std::size_t role = 0; role < kInputRoleCount; ++role) {
      if (lane.inputs[role]) bind(*lane.inputs[role], static_cast<InputRole>(role) == InputRole::kSafety);
    }
  }
  if (config.fire_alarm) bind(*config.fire_alarm, false);
}

void InputTable::bind(const InputBinding& binding, bool rises_at_once) {
  if (binding.point >= points_.size()) points_.resize(binding.point + std::size_t{1});
  auto& point = points_[binding.point];
  point.used = true;
  point.rises_at_once = rises_at_once;
  point.debounce = binding.debounce;
}

void InputTable::set_level(Point& point, bool level, MonoTime since) {
  if (level && !point.level) ++point.activations;
  point.level = level;
  point.level_since = since;
}

void InputTable::apply(const InputsPolled& polled, MonoTime now) {
  if (polled.device >= devices_.size()) return;
  auto& device = devices_[polled.device];
  device.up = true;
  device.ever_up = true;
  device.polled = true;
  device.last_poll = now;
  for (const auto& change : polled.changes) {
    if (change.point >= points_.size() || !points_[change.point].used) continue;
    auto& point = points_[change.point];
    const MonoTime at = std::min(change.at, now);
    if (!point.known) {
      // The first read seeds the level: it is how the world was found, not a change.
      point.known = true;
      point.raw = change.on;
      point.raw_since = at;
      point.level = change.on;
      point.level_since = at;
      continue;
    }
    if (point.raw == change.on) continue;
    // A level that outlasted its debounce time before this change counts, however late we hear of both.
    if (point.raw != point.level && at - point.raw_since >= point.debounce)
      set_level(point, point.raw, point.raw_since);
    point.raw = change.on;
    point.raw_since = at;
    if (point.raw == point.level) continue;
    if (point.debounce == Duration{0} || (point.raw && point.rises_at_once)) {
      set_level(point, point.raw, at);
    } else if (std::find(settling_.begin(), settling_.end(), change.point) == settling_.end()) {
      settling_.push_back(change.point);
    }
  }
}

void InputTable::device_up(DeviceId device, MonoTime now) {
  if (device >= devices_.size()) return;
  devices_[device].up = true;
  devices_[device].ever_up = true;
  devices_[device].polled = false;
  devices_[device].last_poll = now;
}

void InputTable::device_down(DeviceId device, MonoTime now) {
  if (device >= devices_.size()) return;
  auto& health = devices_[device];
  if (health.up) health.unheard_since = std::min(now, health.last_poll);
  health.up = false;
  health.polled = false;
}

bool InputTable::settle(Wake& wake) {
  bool changed = false;
  std::erase_if(settling_, [&](PointId id) {
    auto& point = points_[id];
    if (point.raw == point.level) return true;
    if (!wake.due(point.raw_since + point.debounce)) return false;
    set_level(point, point.raw, point.raw_since);
    changed = true;
    return true;
  });
  return changed;
}

InputLevel InputTable::level(const std::optional<InputBinding>& binding, Duration stale, Wake& wake) const {
  if (!binding) return {};
  const auto& point = points_[binding->point];
  const auto& health = devices_[binding->device];
  InputLevel level{.bound = true,
                   .readable = false,
                   .active = point.level,
                   .raw = point.raw,
                   .since = point.level_since,
                   .activations = point.activations};
  level.readable = health.up && health.polled && point.known && !wake.due(health.last_poll + stale);
  return level;
}

InputStatus InputTable::status(PointId id, DeviceId device, MonoTime now) const {
  if (id >= points_.size() || device >= devices_.size()) return {};
  const auto& point = points_[id];
  const auto& health = devices_[device];
  constexpr Duration kStale = milliseconds{100};
  return {.known = point.known,
          .readable = health.up && health.polled && point.known && now - health.last_poll < kStale,
          .raw = point.raw,
          .level = point.level,
          .age = now - health.last_poll};
}

bool InputTable::device_lost(DeviceId id, Duration lost, Wake& wake) const {
  const auto& health = devices_[id];
  return wake.due((health.up ? health.last_poll : health.unheard_since) + lost);
}

}  // namespace exitgate
