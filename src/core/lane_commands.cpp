// What staff command by name (lane contract §2, operation contract "Control API"). A command takes effect in its step
// or is refused with the reason; it is never kept for later.
#include "core/lane.hpp"

namespace exitgate {

bool Lane::release_inputs_read(const GateState& gate, Wake& wake) const {
  if (eyes_.release.bound && !eyes_.release.readable) return false;
  const auto fire = gate.inputs.level(gate.config->fire_alarm, config_->timing.stale, wake);
  return !fire.bound || fire.readable;
}

Status Lane::not_to_be_opened() const {
  const bool override_stands = std::holds_alternative<Released>(phase_) || std::holds_alternative<HeldOpen>(phase_) ||
                               std::holds_alternative<Faulted>(phase_) || std::holds_alternative<OutOfService>(phase_);
  const auto name = std::string(to_string(phase()));
  return fail(override_stands ? to_string(phase()) : "lane_busy",
              "lane " + config_->id.str() + " is " + name +
                  ": it can be opened in idle, present, deciding, refused, clearing and closing");
}

Status Lane::command(GateState& gate, const StaffCommand& command, Wake& wake) {
  const Step step{gate, wake};
  auto no_effect = [&](const std::string& why) { return fail("no_effect", "lane " + config_->id.str() + ": " + why); };
  switch (command.verb) {
    case StaffVerb::kOpen: {
      if (may_take_next()) {
        admit_staff(step, command.by, command.reason);
        return {};
      }
      return not_to_be_opened();
    }
    case StaffVerb::kHoldOpen:
      if (durable_.held_open) return no_effect("it is held open already");
      durable_.held_open = true;
      durable_.by = command.by;
      durable_.note = command.reason;
      break;
    case StaffVerb::kReleaseHold:
      if (!durable_.held_open)
        return no_effect(key_hold_ ? "the attendant's key holds it: turn the key off" : "it is not held open");
      durable_.held_open = false;
      break;
    case StaffVerb::kOutOfService:
      if (durable_.out_of_service) return no_effect("it is out of service already");
      durable_.out_of_service = true;
      break;
    case StaffVerb::kInService:
      if (!durable_.out_of_service) return no_effect("it is in service");
      durable_.out_of_service = false;
      break;
    case StaffVerb::kReset:
      if (must_release_)
        return fail("input_active", "lane " + config_->id.str() + ": the fire alarm or the release is still active");
      if (durable_.released && !release_inputs_read(gate, wake)) {
        return fail("input_unreadable",
                    "lane " + config_->id.str() +
                        ": the fire alarm or the release can't be read as normal: check its device, then reset again");
      }
      if (!durable_.released && !durable_.stuck_travel && !violated_) return no_effect("nothing waits for a reset");
      durable_.released = false;
      durable_.stuck_travel = false;
      violated_ = false;
      for (const auto code :
           {FaultCode::kBarrierStuckClosed, FaultCode::kBarrierStuckOpen, FaultCode::kInvariantViolated}) {
        gate.faults.clear(code, part(), wake.now(), gate.out);
      }
      break;
    case StaffVerb::kMode: {
      if (!command.mode) return fail("bad_request", "mode: cart, walkout or mixed is needed");
      if (*command.mode != LaneMode::kWalkout && !config_->receiver) {
        return fail("bad_request", "lane " + config_->id.str() + " has no receiver, which mode " +
                                       std::string(to_string(*command.mode)) + " needs");
      }
      if (durable_.mode == *command.mode) return no_effect("it has that mode");
      if (phase() != Phase::kIdle || !eyes_.inside_clear() || eyes_.approach_blocked() || !auths_.empty()) {
        return fail("lane_busy",
                    "lane " + config_->id.str() + " is not idle and empty: try again when nobody is there");
      }
      durable_.mode = *command.mode;
      durable_.mode_set_by_staff = true;
      break;
    }
  }
  save(step);
  return {};
}

}  // namespace exitgate
