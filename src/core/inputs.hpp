// Conditioned inputs: raw levels in; debounced levels with quality and age out (lane contract §1).
// Levels, never counted edges, except where a contact counts by pulses. A value copied freely.
#pragma once

#include <optional>
#include <vector>

#include "core/event.hpp"
#include "core/wake.hpp"

namespace exitgate {

/// A debounced input as a lane sees it. `since`: when `active` last changed.
struct InputLevel {
  bool bound = false;
  bool readable = false;
  bool active = false;
  bool raw = false;
  MonoTime since{};
  std::uint32_t activations = 0;  ///< debounced rises since start
};

/// An input as it stands, for GET /api/v1/io.
struct InputStatus {
  bool known = false;  ///< read at least once
  bool readable = false;
  bool raw = false;
  bool level = false;
  Duration age{};  ///< since its device was last read
};

/// What a device is to its lanes.
struct DeviceHealth {
  bool up = false;
  bool ever_up = false;
  bool polled = false;  ///< read since it is up: what was known before proves nothing
  MonoTime last_poll{};
  MonoTime unheard_since{};  ///< start, or the loss
};

class InputTable {
 public:
  InputTable(const GateConfig& config, MonoTime start);

  /// Takes over a new configuration; points that stay keep their levels.
  void reconfigure(const GateConfig& config, MonoTime now);
  void apply(const InputsPolled& polled, MonoTime now);
  void device_up(DeviceId device, MonoTime now);
  void device_down(DeviceId device, MonoTime now);
  /// Lets debounce times run out; true when a level changed.
  bool settle(Wake& wake);

  /// `stale`: how old the last good read may be.
  [[nodiscard]] InputLevel level(const std::optional<InputBinding>& binding, Duration stale, Wake& wake) const;
  [[nodiscard]] InputStatus status(PointId point, DeviceId device, MonoTime now) const;
  [[nodiscard]] const DeviceHealth& device(DeviceId id) const { return devices_[id]; }
  [[nodiscard]] std::size_t device_count() const { return devices_.size(); }
  /// Not up, or silent, for `lost`.
  [[nodiscard]] bool device_lost(DeviceId id, Duration lost, Wake& wake) const;

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.points_, self.devices_, self.settling_);
  }

 private:
  struct Point {
    bool used = false;
    bool known = false;
    bool rises_at_once = false;  ///< safety: one raw sample is enough, debounce delays only its clearing
    bool raw = false;
    bool level = false;
    MonoTime raw_since{};
    MonoTime level_since{};
    std::uint32_t activations = 0;
    Duration debounce{};
  };
  void bind(const InputBinding& binding, bool rises_at_once);
  static void set_level(Point& point, bool level, MonoTime since);

  std::vector<Point> points_;  // by PointId
  std::vector<DeviceHealth> devices_;
  std::vector<PointId> settling_;  // raw differs from level
};

}  // namespace exitgate
