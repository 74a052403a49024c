// What each event changes of what the lanes share.
#include <algorithm>
#include <array>

#include "core/controller.hpp"

namespace exitgate {
namespace {

/// Fire or release change every lane; their device's poll is looked at in every step anyway.
bool is_digital(const GateConfig& config, DeviceId device) {
  return device < config.devices.size() && config.devices[device].kind == DeviceKind::kDigital;
}

}  // namespace

void Controller::mark_receiver(DeviceId receiver) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].config().receiver == receiver) stale_[i] = true;
  }
}

void Controller::on(const InputsPolled& event, Wake& wake) {
  gate_.inputs.apply(event, wake.mono());
  // A poll without changes proves freshness only: lanes that wait for it have set a deadline.
  if (!event.changes.empty()) mark_all();
}

void Controller::on(const OutputsRead& event, Wake& wake) {
  for (const auto& level : event.levels) {
    for (auto& lane : lanes_) lane.on_outputs_read(gate_, level, wake.now());
  }
  mark_all();
}

void Controller::on(const OutputWritten& event, Wake& wake) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto again = lanes_[i].on_output_written(event, wake.now());
    if (!again) continue;
    wake_at_[i] = std::min(wake_at_[i], *again);
    if (*again <= wake.mono()) stale_[i] = true;
  }
}

void Controller::on(const DeviceUp& event, Wake& wake) {
  if (event.device >= gate_.config->devices.size()) return;
  gate_.inputs.device_up(event.device, wake.mono());
  for (auto& lane : lanes_) lane.on_device(event.device);
  // What stands at the outputs is read before anything is commanded.
  if (is_digital(*gate_.config, event.device)) gate_.reads.insert(event.device);
  mark_all();
}

void Controller::on(const DeviceDown& event, Wake& wake) {
  if (event.device >= gate_.config->devices.size()) return;
  gate_.inputs.device_down(event.device, wake.mono());
  for (auto& lane : lanes_) lane.on_device(event.device);
  device_why_[event.device] = event.why;
  mark_all();
}

void Controller::on(const BeaconHeard& event, Wake& wake) {
  gate_.proximity.heard(event, wake.mono());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    // Where somebody stands, carts are compared across receivers.
    const bool concerned = lanes_[i].config().receiver == event.receiver || lanes_[i].shopper().has_value();
    if (concerned) stale_[i] = true;
  }
}

void Controller::on(const MistimedHeard& event, Wake& wake) {
  gate_.proximity.heard_mistimed(event.frame, wake.mono());
  mark_receiver(event.frame.receiver);
}

void Controller::on(const PassHeard& event, Wake&) {
  gate_.book.keep_pass(event);
  mark_all();
}

void Controller::on(const CartClockNotice& event, Wake& wake) {
  clock_notices_.erase(event.cart_id);
  if (event.fault || event.suspect) clock_notices_.emplace(event.cart_id, event);
  clock_suspects_.clear();
  std::string carts;
  for (const auto& [cart, notice] : clock_notices_) {
    if (notice.suspect) clock_suspects_.insert(notice.receivers.begin(), notice.receivers.end());
    carts += (carts.empty() ? "" : ", ") + std::to_string(cart);
  }
  gate_.faults.set(!clock_notices_.empty(), FaultCode::kCartClock, "box",
                   "the clock of cart " + carts + " is wrong: set it, or take the cart out of use", wake.now(),
                   gate_.out);
  mark_all();
}

void Controller::on(const AnswerArrived& event, Wake& wake) {
  const auto question = gate_.questions.take(event.question);
  if (!question) return;
  if (std::holds_alternative<NoAnswer>(event.answer)) {
    if (!question->counted) gate_.liveness.no_answer(wake.now());
  } else {
    gate_.liveness.answered(wake.now());
    gate_.policy.heard(wake.now());
  }
  if (question->lane < lanes_.size()) lanes_[question->lane].on_answer(gate_, *question, event.answer, wake);
  mark_all();
}

void Controller::on(const BackendConnected& event, Wake& wake) {
  gate_.liveness.connected(event.connected, wake.now());
}

void Controller::on(const StreamArrived& event, Wake& wake) {
  const Now& now = wake.now();
  gate_.liveness.answered(now);
  gate_.policy.heard(now);
  SessionBook::Writes writes;
  if (const auto* closed = std::get_if<Closure>(&event.event)) gate_.book.on_closed(*closed, now, writes);
  if (const auto* expected = std::get_if<ExpectedWalkout>(&event.event)) gate_.book.on_expected(*expected, now, writes);
  if (const auto* revoked = std::get_if<Revocation>(&event.event)) gate_.book.on_revoked(*revoked, now, writes);
  if (const auto* claimed = std::get_if<Claimed>(&event.event))
    gate_.book.on_claimed(*claimed, gate_.config->gate_id, now, writes);
  if (const auto* unclaimed = std::get_if<Unclaimed>(&event.event)) gate_.book.on_unclaimed(*unclaimed, writes);
  if (std::holds_alternative<Reset>(event.event)) {
    gate_.book.on_reset(writes);
    cursor_.clear();
    writes.emplace_back(PutCursor{});
  } else if (!event.id.empty()) {
    cursor_ = event.id;
    // Cursor and cache in one transaction: what was seen is never asked for again, what was not is.
    writes.emplace_back(PutCursor{event.id});
  }
  if (!writes.empty()) gate_.persist(std::move(writes));
  mark_all();
}

void Controller::on(const Persisted& event, Wake& wake) {
  gate_.persists.done(event, wake.now());
  mark_all();
}

void Controller::on(const ShellFault& event, Wake& wake) {
  if (event.active) {
    gate_.faults.raise(event.code, event.part, event.advice, wake.now(), gate_.out, event.severity);
  } else {
    gate_.faults.clear(event.code, event.part, wake.now(), gate_.out);
  }
}

void Controller::on(const StorageState& event, Wake&) {
  shell_storage_full_ = event.full;
  if (!event.begun_anew) return;
  rewrite_.begin();
  // Each alone: one that the store can't take keeps no other from it.
  for (const auto& lane : lanes_) {
    for (const auto& auth : lane.authorisations()) gate_.persist({PutOpenReceipt{auth.receipt}});
  }
}

void Controller::on(const Tick&, Wake&) {}

void Controller::on(const Reconfigure& event, Wake& wake) {
  newest_config_ = std::make_shared<const GateConfig>(event.config);
  kept_configs_.push_back(newest_config_);
  gate_.config = newest_config_;
  gate_.inputs.reconfigure(*newest_config_, wake.mono());
  gate_.proximity.set_policy(newest_config_->beacons);
  gate_.policy.set_config(newest_config_->offline);
  pending_.assign(lanes_.size(), true);
  mark_all();
}

void Controller::note_command(const StaffCommand& command, const LaneId& lane, const Status& status, const Now& now) {
  static constexpr std::array<std::string_view, 7> kVerbs{"open",       "hold-open", "release-hold", "out-of-service",
                                                          "in-service", "reset",     "mode"};
  std::vector<std::pair<std::string_view, FieldValue>> fields{
      {"command", std::string(kVerbs.at(static_cast<std::size_t>(command.verb)))},
      {"by", command.by},
      {"reason", command.reason}};
  if (!command.user.empty()) fields.emplace_back("user", command.user);
  fields.emplace_back("result", std::string(status ? "done" : status.error().code));
  gate_.publish(PublicEventType::kCommand, lane, now, std::move(fields));
}

void Controller::on(const StaffCommand& event, Wake& wake) {
  mark_all();
  if (!event.lane) {
    command_all(event, wake);
    return;
  }
  const auto lane =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& l) { return l.config().id == *event.lane; });
  if (lane == lanes_.end()) {
    gate_.out.emplace_back(CommandDone{event.request, fail("not_found", "there is no lane " + event.lane->str())});
    return;
  }
  auto status = lane->command(gate_, event, wake);
  note_command(event, *event.lane, status, wake.now());
  gate_.out.emplace_back(CommandDone{event.request, std::move(status)});
}

void Controller::command_all(const StaffCommand& command, Wake& wake) {
  Status first_refusal;
  for (auto& lane : lanes_) {
    auto status = lane.command(gate_, command, wake);
    note_command(command, lane.config().id, status, wake.now());
    // A lane that needs it not has it already.
    if (!status && status.error().code != "no_effect" && first_refusal) first_refusal = status;
  }
  gate_.out.emplace_back(CommandDone{command.request, std::move(first_refusal)});
}

}  // namespace exitgate
