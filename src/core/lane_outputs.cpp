#include "core/lane_outputs.hpp"

namespace exitgate {
namespace {

/// Well below the 500 ms of the contract, so that a slow bus keeps it too.
constexpr Duration kRefresh = milliseconds{300};
/// A reading, or the end of a write, that has not come by then is not waited for any longer.
constexpr Duration kAnsweredWithin = milliseconds{500};
/// What could not be written is looked at again soon.
constexpr Duration kRetryAfter = milliseconds{50};

}  // namespace

std::optional<OutputRole> LaneOutputs::role_of(PointId point) const {
  for (std::size_t i = 0; i < kOutputRoleCount; ++i) {
    if (config_->outputs[i] && config_->outputs[i]->point == point) return static_cast<OutputRole>(i);
  }
  return std::nullopt;
}

void LaneOutputs::write(OutputRole role, bool energised, const Now& now, std::vector<Command>& out) {
  auto& current = state(role);
  if (current.energised != energised) current.proven = false;
  current.energised = energised;
  current.writing = true;
  current.confirmed = false;
  current.awaiting_read = false;
  current.asked_at = now.mono;
  current.refreshed_at = now.mono;
  out.emplace_back(WriteOutput{config_->output(role)->point, energised});
}

void LaneOutputs::command_barrier(bool closed, const Now& now, std::vector<Command>& out) {
  const auto role = barrier_role();
  const auto& binding = config_->output(role);
  if (!binding) return;
  const bool energised = closed == binding->energised_closed;
  if (state(role).energised == energised) return;
  if (!closed) last_read_open_ = true;
  write(role, energised, now, out);
}

void LaneOutputs::pulse(const Now& now, std::vector<Command>& out) {
  if (!config_->output(OutputRole::kOpenPulse)) return;
  write(OutputRole::kOpenPulse, true, now, out);
  pulse_ends_ = now.mono + config_->timing.pulse;
}

void LaneOutputs::set(OutputRole role, bool on, const Now& now, std::vector<Command>& out) {
  if (!config_->output(role) || state(role).energised == on) return;
  write(role, on, now, out);
}

LaneOutputs::ReadBack LaneOutputs::on_read(const PointLevel& level, const Now& now, std::vector<Command>& out) {
  const auto role = role_of(level.point);
  if (!role) return ReadBack::kNotOurs;
  auto& current = state(*role);
  const bool barrier = *role == barrier_role();
  const bool open = barrier && level.on != config_->output(*role)->energised_closed;
  // A reading taken before the newest write went out says nothing about it.
  if (current.writing) return ReadBack::kOther;
  if (barrier) last_read_open_ = open;
  if (!current.energised) {
    current.energised = level.on;
    current.confirmed = true;
    current.refreshed_at = now.mono;
    return barrier ? ReadBack::kSeeded : ReadBack::kOther;
  }
  if (*current.energised == level.on) {
    current.confirmed = true;
    current.proven = true;
    if (barrier && current.awaiting_read) write(*role, *current.energised, now, out);
    return barrier ? ReadBack::kMatches : ReadBack::kOther;
  }
  if (!barrier) {
    write(*role, *current.energised, now, out);
    return ReadBack::kOther;
  }
  if (open) {
    current.energised = level.on;
    current.confirmed = true;
    current.awaiting_read = false;
    current.refreshed_at = now.mono;
    return ReadBack::kFoundOpen;
  }
  const bool lost = current.proven;
  write(*role, *current.energised, now, out);
  return lost ? ReadBack::kFoundClosed : ReadBack::kOther;
}

std::optional<MonoTime> LaneOutputs::on_written(const OutputWritten& written, const Now& now) {
  const auto role = role_of(written.point);
  if (!role) return std::nullopt;
  auto& current = state(*role);
  if (current.energised != written.energised) return now.mono;  // of a write that was replaced
  current.writing = false;
  current.confirmed = written.ok;
  current.proven = current.proven || written.ok;
  current.refreshed_at = written.ok ? now.mono : now.mono - kRefresh + kRetryAfter;
  return *role == barrier_role() ? now.mono : current.refreshed_at + kRefresh;
}

void LaneOutputs::on_device_lost(DeviceId device) {
  for (std::size_t i = 0; i < kOutputRoleCount; ++i) {
    if (!config_->outputs[i] || config_->outputs[i]->device != device) continue;
    states_[i].writing = false;
    states_[i].confirmed = false;
    states_[i].awaiting_read = false;
    // A pulse is never resent.
    if (static_cast<OutputRole>(i) == OutputRole::kOpenPulse && pulse_ends_) {
      pulse_ends_.reset();
      states_[i].energised = false;
    }
  }
}

void LaneOutputs::verify_barrier(std::set<DeviceId>& reads) {
  if (const auto& binding = config_->output(barrier_role())) reads.insert(binding->device);
}

void LaneOutputs::repeat_barrier(const Now& now, std::vector<Command>& out) {
  const auto role = barrier_role();
  if (config_->output(role) && state(role).energised) write(role, *state(role).energised, now, out);
}

void LaneOutputs::update(Wake& wake, const InputTable& devices, std::vector<Command>& out, std::set<DeviceId>& reads) {
  if (pulse_ends_ && wake.due(*pulse_ends_)) {
    pulse_ends_.reset();
    write(OutputRole::kOpenPulse, false, wake.now(), out);
  }
  for (std::size_t i = 0; i < kOutputRoleCount; ++i) {
    const auto role = static_cast<OutputRole>(i);
    auto& current = states_[i];
    if (!config_->outputs[i] || !current.energised) continue;
    if ((current.writing || current.awaiting_read) && wake.due(current.asked_at + kAnsweredWithin)) {
      current.writing = false;
      current.awaiting_read = false;
    }
    if (current.writing || current.awaiting_read) continue;
    if (!devices.device(config_->outputs[i]->device).up) continue;
    if (role == OutputRole::kOpenPulse && pulse_ends_) continue;
    if (!wake.due(current.refreshed_at + kRefresh)) continue;
    if (role == barrier_role()) {
      current.awaiting_read = true;
      current.asked_at = wake.mono();
      (void)wake.due(current.asked_at + kAnsweredWithin);
      reads.insert(config_->outputs[i]->device);
    } else {
      write(role, *current.energised, wake.now(), out);
    }
  }
}

std::optional<bool> LaneOutputs::barrier_closed_commanded() const {
  const auto role = barrier_role();
  const auto& binding = config_->output(role);
  if (!binding || !state(role).energised) return std::nullopt;
  return *state(role).energised == binding->energised_closed;
}

bool LaneOutputs::barrier_confirmed() const {
  const auto& current = state(barrier_role());
  return current.energised.has_value() && current.confirmed && !current.writing;
}

}  // namespace exitgate
