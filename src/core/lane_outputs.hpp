// A lane's outputs: written on change and again at least every 500 ms, barrier outputs read back before they are
// repeated (lane contract §1). One found open that was commanded closed is taken over, never rewritten closed. A value;
// pure.
#pragma once

#include <array>
#include <optional>
#include <set>

#include "core/event.hpp"
#include "core/inputs.hpp"
#include "core/wake.hpp"

namespace exitgate {

class LaneOutputs {
 public:
  explicit LaneOutputs(const LaneConfig& config) : config_(&config) {}
  void set_config(const LaneConfig& config) { config_ = &config; }

  /// The maintained barrier, or hold_open of a gate with its own control unit.
  void command_barrier(bool closed, const Now& now, std::vector<Command>& out);
  /// One authorised passage of a gate with its own control unit.
  void pulse(const Now& now, std::vector<Command>& out);
  void set(OutputRole role, bool on, const Now& now, std::vector<Command>& out);

  enum class ReadBack : std::uint8_t { kNotOurs, kSeeded, kMatches, kFoundOpen, kFoundClosed, kOther };
  ReadBack on_read(const PointLevel& level, const Now& now, std::vector<Command>& out);
  /// When the lane must run again: now for its barrier, when they are due again for the others, which decide nothing.
  /// Nothing: no output of this lane.
  std::optional<MonoTime> on_written(const OutputWritten& written, const Now& now);
  /// The device lost its pending writes; what stands there is read before anything is repeated.
  void on_device_lost(DeviceId device);
  /// Repeats what is due; devices to be read first are added to `reads`.
  void update(Wake& wake, const InputTable& devices, std::vector<Command>& out, std::set<DeviceId>& reads);
  /// Asks for a reading of the barrier's output now.
  void verify_barrier(std::set<DeviceId>& reads);
  /// Commands the barrier once more as it stands.
  void repeat_barrier(const Now& now, std::vector<Command>& out);

  /// Commanded (true: closed); nothing until the first command or the first reading.
  [[nodiscard]] std::optional<bool> barrier_closed_commanded() const;
  /// The last reading of the barrier's output said open.
  [[nodiscard]] bool last_read_open() const { return last_read_open_; }
  /// The last command of the barrier was read back, or its write verified.
  [[nodiscard]] bool barrier_confirmed() const;
  [[nodiscard]] OutputRole barrier_role() const {
    return config_->pulse_drive() ? OutputRole::kHoldOpen : OutputRole::kBarrier;
  }
  /// As commanded or found.
  [[nodiscard]] std::optional<bool> energised(OutputRole role) const { return state(role).energised; }
  [[nodiscard]] bool pulsing() const { return pulse_ends_.has_value(); }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.config_, self.states_, self.pulse_ends_, self.last_read_open_);
  }

 private:
  struct State {
    std::optional<bool> energised;  ///< as commanded, or as found
    bool writing = false;           ///< no end of the newest write yet
    bool confirmed = false;
    bool awaiting_read = false;
    bool proven = false;  ///< stood as commanded once: a difference is a loss, not a command that never arrived
    MonoTime asked_at{};  ///< for the reading, or the write's end
    MonoTime refreshed_at{};
  };
  void write(OutputRole role, bool energised, const Now& now, std::vector<Command>& out);
  [[nodiscard]] State& state(OutputRole role) { return states_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] const State& state(OutputRole role) const { return states_[static_cast<std::size_t>(role)]; }
  [[nodiscard]] std::optional<OutputRole> role_of(PointId point) const;

  const LaneConfig* config_;
  std::array<State, kOutputRoleCount> states_{};
  std::optional<MonoTime> pulse_ends_;
  bool last_read_open_ = false;
};

}  // namespace exitgate
