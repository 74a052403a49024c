// The step: an event changes what is shared, lanes run until nothing moves, invariants are checked, the next deadline
// is set.
#include "core/controller.hpp"

#include <algorithm>

#include "core/invariants.hpp"

namespace exitgate {
namespace {

constexpr Duration kRepeatAfterRestart = std::chrono::seconds{120};
constexpr Duration kTidyEvery = std::chrono::seconds{60};
constexpr Duration kAliveHalf = milliseconds{250};
constexpr Duration kLateAtMost = milliseconds{100};
constexpr int kRoundsAtMost = 8;

}  // namespace

Controller::Controller(std::shared_ptr<const GateConfig> config, const LoadedState& loaded, const Uuid& boot_id,
                       IdSource& ids, const Now& start)
    : gate_{.config = config,
            .ids = &ids,
            .boot_id = boot_id,
            .inputs = InputTable(*config, start.mono),
            .proximity = Proximity(config->beacons),
            .book = {},
            .policy = OfflinePolicy(config->offline, loaded, start),
            .liveness = BackendLiveness(start)},
      newest_config_(config),
      alive_next_(start.mono),
      tidy_next_(start.mono + kTidyEvery) {
  kept_configs_.push_back(config);
  gate_.book.load(loaded, start);
  cursor_ = loaded.last_event_id;
  for (std::size_t i = 0; i < config->lanes.size(); ++i) {
    const auto kept = std::find_if(loaded.lanes.begin(), loaded.lanes.end(),
                                   [&](const LaneDurable& lane) { return lane.lane_id == config->lanes[i].id; });
    lanes_.emplace_back(*config, static_cast<LaneIndex>(i), kept == loaded.lanes.end() ? nullptr : &*kept, start);
  }
  gate_.views.resize(lanes_.size());
  wake_at_.assign(lanes_.size(), start.mono);
  pending_.assign(lanes_.size(), false);
  device_told_up_.assign(config->devices.size(), false);
  device_since_.assign(config->devices.size(), start.wall);
  mark_all();
  seal_what_was_open(loaded, start);
  next_deadline_ = start.mono;
}

void Controller::seal_what_was_open(const LoadedState& loaded, const Now& now) {
  auto open = loaded.open_receipts;
  std::stable_sort(open.begin(), open.end(),
                   [](const Receipt& a, const Receipt& b) { return a.authorised_at < b.authorised_at; });
  for (auto& receipt : open) {
    receipt.outcome = Outcome::kUnknown;
    receipt.ended_at = now.wall;
    std::vector<StoreWrite> writes{PutSealedReceipt{receipt}};
    const bool of_session = receipt.kind == ReceiptKind::kCart || receipt.kind == ReceiptKind::kWalkout;
    // Staff opened for a cart and somebody passed: its session is used.
    const bool by_staff = receipt.kind == ReceiptKind::kStaff && receipt.passages > 0 && receipt.session_tag &&
                          !receipt.session_tag->is_zero();
    if (by_staff || (of_session && (receipt.session_id || receipt.session_tag))) {
      const auto party = receipt.party_size.value_or(1);
      const auto row =
          gate_.book.entry_for(name_of(receipt), party, now.judging + SessionBook::kUnknownExpiry, *gate_.ids, now);
      gate_.book.open(row);
      gate_.book.seal(row, 0, party, writes);
      if (of_session) gate_.book.allow_repeat(row, receipt.lane_id, now.mono + kRepeatAfterRestart);
    }
    gate_.persist(std::move(writes));
  }
}

const std::vector<Command>& Controller::step(const Event& event, const Now& now) {
  // What the constructor asked for goes out with the first step.
  if (started_) gate_.out.clear();
  started_ = true;
  Wake wake(now);
  late_ = next_deadline_ != kNever && now.mono > next_deadline_ + kLateAtMost;
  before_.clear();
  for (const auto& lane : lanes_) before_.push_back(guard_of(lane));

  for (std::size_t i = 0; i < lanes_.size(); ++i) stale_[i] = wake_at_[i] <= now.mono;
  apply(event, wake);
  if (gate_.inputs.settle(wake)) mark_all();
  look_at_box(wake);
  run_lanes(wake);
  give_back_claims(wake);
  gate_.questions.expect(gate_.config->confirm_timeout, wake);  // also those asked just now
  take_configuration(wake);
  guard(wake);
  beat(wake);
  rewrite(now.mono);
  gate_.persists.update(wake, gate_.out);
  gate_.faults.update(wake, gate_.out);
  for (const auto device : gate_.reads) gate_.out.emplace_back(ReadOutputs{device});
  gate_.reads.clear();
  next_deadline_ = wake.earliest();
  for (const auto at : wake_at_) next_deadline_ = std::min(next_deadline_, at);
  return gate_.out;
}

void Controller::apply(const Event& event, Wake& wake) {
  std::visit([&](const auto& e) { on(e, wake); }, event);
}

void Controller::look_at_lane(std::size_t i, Wake& wake) {
  Wake look(wake.now());
  auto view = lanes_[i].view(gate_, look);
  view.clock_suspect = lanes_[i].config().receiver && clock_suspects_.contains(*lanes_[i].config().receiver);
  if (view == gate_.views[i]) return;
  gate_.views[i] = view;
  // What is seen of a lane changes what its neighbours may bind.
  for (std::size_t other = 0; other < lanes_.size(); ++other) {
    if (other != i && lanes_[other].shopper()) stale_[other] = true;
  }
}

void Controller::run_lanes(Wake& wake) {
  // One lane's step may free what another waits for (a session, a cart), so rounds go on until no one moves.
  for (int round = 0; round < kRoundsAtMost; ++round) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      look_at_lane(i, wake);
    }
    bool any = false;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (!stale_[i]) continue;
      any = true;
      stale_[i] = false;
      Wake own(wake.now());
      const auto phase_before = lanes_[i].phase();
      lanes_[i].update(gate_, own);
      wake_at_[i] = own.earliest();
      // The cart it has bound just now is no other's in this round either.
      look_at_lane(i, wake);
      // A lane that left or took a cart changes what its neighbours may bind.
      if (lanes_[i].phase() != phase_before) {
        for (std::size_t other = 0; other < lanes_.size(); ++other) {
          if (other != i && lanes_[other].shopper()) stale_[other] = true;
        }
      }
    }
    if (!any) return;
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (stale_[i]) wake_at_[i] = wake.mono();  // goes on in the next step, at once
  }
}

void Controller::guard(Wake& wake) {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto broken =
        broken_invariant(lanes_[i], before_[i], gate_.out, gate_.book, gate_.config->confirm_timeout, wake.mono());
    if (!broken) continue;
    // The safe state is open: a wrong command to close never leaves the box.
    const auto& binding = lanes_[i].config().output(lanes_[i].outputs().barrier_role());
    std::erase_if(gate_.out, [&](const Command& command) {
      const auto* write = std::get_if<WriteOutput>(&command);
      return write != nullptr && binding && write->point == binding->point &&
             write->energised == binding->energised_closed;
    });
    lanes_[i].invariant_violated(gate_, *broken, wake.now());
    Wake own(wake.now());
    lanes_[i].update(gate_, own);
    wake_at_[i] = own.earliest();
  }
}

void Controller::take_configuration(Wake& wake) {
  if (std::none_of(pending_.begin(), pending_.end(), [](bool p) { return p; })) return;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (!pending_[i]) continue;
    pending_[i] = !lanes_[i].reconfigure(*newest_config_, static_cast<LaneIndex>(i));
    if (!pending_[i]) {
      gate_.publish(PublicEventType::kConfig, lanes_[i].config().id, wake.now(), {{"result", std::string("applied")}});
      wake_at_[i] = wake.mono();
    }
  }
  // A lane that stays open for a day goes by its own, and by no other that came since.
  std::erase_if(kept_configs_, [this](const auto& kept) {
    const auto goes_by = [&](const Lane& lane) { return lane.goes_by(*kept); };
    return kept != newest_config_ && std::none_of(lanes_.begin(), lanes_.end(), goes_by);
  });
}

void Controller::beat(Wake& wake) {
  const auto& alive = gate_.config->alive;
  // A device that was neither read nor lost in time is a worker that hangs: the external watchdog shall see it.
  bool turning = !late_;
  for (std::size_t i = 0; i < gate_.inputs.device_count(); ++i) {
    const auto& device = gate_.inputs.device(static_cast<DeviceId>(i));
    const bool digital = gate_.config->devices[i].kind == DeviceKind::kDigital;
    if (digital && device.up && wake.mono() - device.last_poll > std::chrono::seconds{1}) turning = false;
  }
  turning_ = turning;
  if (wake.due(alive_next_) && turning) {
    alive_next_ = wake.mono() + kAliveHalf;
    alive_level_ = !alive_level_;
    if (alive) gate_.out.emplace_back(WriteOutput{alive->point, alive_level_});
  } else if (wake.mono() >= alive_next_) {
    alive_next_ = wake.mono() + kAliveHalf;
  }
  (void)wake.due(alive_next_);
  const auto& healthy = gate_.config->healthy;
  const bool well = std::none_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.down(); });
  if (healthy && (healthy_level_ != well || wake.due(healthy_next_))) {
    healthy_level_ = well;
    healthy_next_ = wake.mono() + milliseconds{400};
    (void)wake.due(healthy_next_);
    gate_.out.emplace_back(WriteOutput{healthy->point, well});
  }
  if (wake.due(tidy_next_)) {
    tidy_next_ = wake.mono() + kTidyEvery;
    SessionBook::Writes writes;
    gate_.book.tidy(wake.now(), writes);
    if (!writes.empty()) gate_.persist(std::move(writes));
    (void)wake.due(tidy_next_);
  }
}

void Controller::rewrite(MonoTime now) {
  if (gate_.persists.take_dropped()) rewrite_.begin();
  if (!rewrite_.running() || gate_.persists.failing() || gate_.persists.pending(rewrite_ticket_)) return;
  std::vector<LaneDurable> durable;
  durable.reserve(lanes_.size());
  for (const auto& lane : lanes_) durable.push_back(lane.durable());
  rewrite_ticket_ = gate_.persist(rewrite_.next(gate_.book, durable, cursor_, gate_.policy.last_heard(now)));
}

ControllerStatus Controller::status() const {
  ControllerStatus status;
  status.backend_online = gate_.liveness.online();
  status.backend_since = gate_.liveness.since();
  for (std::size_t i = 0; i < gate_.config->devices.size(); ++i) {
    status.devices.push_back({gate_.config->devices[i].name, device_told_up_[i], device_since_[i]});
  }
  status.faults = gate_.faults.all();
  for (const auto& lane : lanes_) status.lanes.push_back(lane.status(gate_));
  return status;
}

bool Controller::outputs_known() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
    return lane.down() || lane.outputs().barrier_closed_commanded().has_value();
  });
}

bool Controller::all_idle() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
    return lane.phase() == Phase::kIdle && lane.authorisations().empty() && lane.eyes().inside_clear();
  });
}

bool Controller::may_restart() const {
  return !gate_.persists.failing() &&
         std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.may_restart(); });
}

std::optional<bool> Controller::output(PointId point) const {
  for (const auto& lane : lanes_) {
    for (std::size_t i = 0; i < kOutputRoleCount; ++i) {
      const auto& binding = lane.config().outputs[i];
      if (binding && binding->point == point) return lane.outputs().energised(static_cast<OutputRole>(i));
    }
  }
  if (gate_.config->alive && gate_.config->alive->point == point) return alive_level_;
  if (gate_.config->healthy && gate_.config->healthy->point == point) return healthy_level_;
  return std::nullopt;
}

}  // namespace exitgate
