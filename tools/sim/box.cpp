// Power, time, hardware and the step of a simulated box.
#include "tools/sim/box.hpp"

#include <algorithm>

namespace exitgate::sim {
namespace {

constexpr Duration kStartAgain = std::chrono::seconds{2};
constexpr std::int64_t kWallStart_ms = 1793000000000;

}  // namespace

Box::Box(Surroundings around, std::size_t index, BoxFile file)
    : around_(around),
      index_(index),
      file_(std::move(file)),
      lanes_(file_.lanes.size()),
      modules_(file_.drops.size()),
      disk_(around.options.seed * 2 + index),
      drain_timer_(around.agenda),
      door_(around.store, around.air, gate_name(index)),
      uploads_([this](const std::string& what) { around_.oracle.disk_wrong(name() + ": " + what); }) {
  reserve_bytes_ = around.options.seed % 2 == 0 ? 256U << 10U : 16U << 20U;
  around_.oracle.limits(index_, file_.policy);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto& kind = file_.lanes[i];
    coils_[point_of(i, kind.pulse ? kHoldPoint : kBarrierPoint)] = true;
    lanes_[i].truth[static_cast<std::size_t>(Eye::kLimitClosed)] = true;
    auto& truth = around_.oracle.lane(index_, i);
    truth.pulse = kind.pulse;
    truth.mode = kind.mode;
    truth.receiver = receiver_of(i);
    truth.shares = kind.shares || (i + 1 < lanes_.size() && file_.lanes[i + 1].shares);
    around_.oracle.people(index_, i).joins(kind.join_gap());
  }
}

Uuid Box::next(WallTime at) {
  std::array<std::uint8_t, 10> random{};
  ++ids_;
  for (std::size_t i = 0; i < 8; ++i) random[9 - i] = static_cast<std::uint8_t>(ids_ >> (8 * i));
  random[0] = static_cast<std::uint8_t>(index_ + 1);
  return make_uuid_v7(at, random);
}

WallTime Box::true_wall() const { return wall_from_ms(kWallStart_ms + to_ms(around_.agenda.now().time_since_epoch())); }

const ClockView& Box::read_clock() const { return clock_.read(true_wall() + clock_offset_, clock_synchronised_); }

Now Box::now() const {
  const auto mono = around_.agenda.now();
  const auto& view = read_clock();
  return {.mono = mono,
          .wall = view.now,
          .judging = view.judging,
          .synchronised = view.synchronised,
          .boot_ms = to_ms(mono.time_since_epoch())};
}

MonoTime Box::unsafe_since() const {
  // While the disk refuses, what was decided later waits within the controller.
  auto since = behind_since_.value_or(around_.agenda.now());
  for (const auto& [ticket, at] : unwritten_) since = std::min(since, at);
  return since;
}

Duration Box::longest_join_gap() const {
  Duration longest{0};
  for (const auto& kind : file_.lanes) longest = std::max(longest, kind.join_gap());
  return longest;
}

MonoTime Box::own_unsafe_since() const {
  auto since = around_.agenda.now();
  for (const auto& [number, at] : own_unanswered_) since = std::min(since, at);
  for (const auto& [writes, first] : own_unwritten_) since = std::min(since, first);
  return since;
}

void Box::note(const std::string& text) {
  const auto us = us_since_origin(around_.agenda.now());
  trace.push_back(std::to_string(us / 1000) + "ms " + name() + " " + text);
  const auto most = around_.options.trace_lines;
  if (most != 0 && trace.size() > most) trace.pop_front();
}

void Box::later(Duration span, std::function<void()> action) {
  around_.agenda.in(span, [this, life = life_, action = std::move(action)] {
    if (life == life_ && alive()) action();
  });
}

void Box::start() {
  if (alive()) return;
  ++life_;
  unwritten_.clear();
  own_unanswered_.clear();
  behind_since_.reset();
  LoadedState loaded;
  if (!open_disk(loaded)) {
    // The service manager starts it again; until then the barriers stand open and nobody counts.
    const auto now = around_.agenda.now();
    around_.oracle.blind(index_, std::nullopt, now, now + kStartAgain + std::chrono::seconds{2}, 1);
    around_.agenda.in(kStartAgain, [this, life = life_] {
      if (life == life_) start();
    });
    return;
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto has_id = [i](const LaneDurable& lane) { return lane.lane_id.str() == std::to_string(i + 1); };
    const auto found = std::find_if(loaded.lanes.begin(), loaded.lanes.end(), has_id);
    around_.oracle.lane_found(index_, i, found == loaded.lanes.end() ? LaneDurable{} : *found);
  }
  clock_ = GateClock(ClockTrust::kKernel, loaded.clock_floor);
  floor_stored_ = loaded.clock_floor;
  around_.oracle.box_started(index_, read_clock().synchronised && clock_offset_ == milliseconds{0},
                             around_.agenda.now());
  boot_id_.bytes[0] = static_cast<std::uint8_t>(life_);
  if (around_.options.trace) {
    if (recorder_) last_life_ = recorder_->recording();
    recorder_ = std::make_unique<exitgate::trace::Recorder>(*this, around_.options.trace_bounds);
  }
  controller_ = std::make_unique<Controller>(std::make_shared<const GateConfig>(file_.config(name())), loaded, boot_id_,
                                             recorder_ ? static_cast<IdSource&>(*recorder_) : *this, now());
  for (auto& module : modules_) module.up = false;
  for (std::size_t i = 0; i < lanes_.size(); ++i) feed(DeviceUp{file_.receiver_id(i)});
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    if (modules_[i].answers) module(i, true);
  }
  open_wire(loaded);
  serve_queue();
}

void Box::die(bool power_cut) {
  if (!alive()) return;
  around_.oracle.box_died(index_, unsafe_since(), own_unsafe_since(), around_.agenda.now());
  uploads_.box_died();
  controller_.reset();
  link_.reset();
  radio_.reset();
  close_disk(power_cut);
  ++life_;
  asked_.clear();
  held_answer_.reset();
  note(power_cut ? "power cut" : "killed");
  // The modules drop their outputs by themselves; what is energised to be closed opens.
  around_.agenda.in(kDropsAfter, [this, life = life_] {
    if (life != life_ || alive()) return;
    for (std::size_t i = 0; i < modules_.size(); ++i) drop_outputs(i);
  });
}

void Box::feed(const Event& event) {
  if (!alive()) return;
  // A device that answers is polled all the time; what changes nothing is told only when somebody would miss it.
  if (!std::holds_alternative<InputsPolled>(event)) (void)poll_due();
  if (alive()) step(event);
}

void Box::step(const Event& event) {
  auto& coverage = around_.report.coverage;
  for (const auto& lane : controller_->lanes()) ++coverage[static_cast<std::size_t>(lane.phase())][event.index()];
  ++around_.report.steps;
  const auto* persisted = std::get_if<Persisted>(&event);
  if (persisted != nullptr && (persisted->status || persisted->status.error().code == "wrong_state"))
    unwritten_.erase(persisted->ticket);
  if (around_.options.trace) note("event " + std::to_string(event.index()));
  // A copy: what a command leads to may run the next step.
  const auto at = now();
  if (recorder_) recorder_->begin(*controller_, event, at);
  const auto commands = controller_->step(event, at);
  if (recorder_) recorder_->end(commands);
  for (const auto& command : commands) carry_out(command);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto& kind = file_.lanes[i];
    around_.oracle.lane(index_, i).reachable = modules_[kind.eyes_on].answers && modules_[kind.drives_on].answers;
  }
  around_.oracle.step_is_over(index_, around_.agenda.now());
}

void Box::carry_out(const Command& command) {
  if (const auto* output = std::get_if<WriteOutput>(&command)) write(*output);
  if (const auto* read = std::get_if<ReadOutputs>(&command)) read_outputs(read->device);
  if (const auto* question = std::get_if<Ask>(&command)) ask(*question);
  if (const auto* transaction = std::get_if<Persist>(&command)) persist(*transaction);
  const auto* published = std::get_if<Publish>(&command);
  if (published != nullptr && published->event.type == PublicEventType::kFault) judge_itself(published->event);
  if (!around_.options.trace) return;
  if (const auto* told = std::get_if<Publish>(&command)) {
    std::string text(to_string(told->event.type));
    if (told->event.lane_id) text += " lane " + told->event.lane_id->str();
    for (const auto& [key, value] : told->event.fields) {
      if (const auto* string = std::get_if<std::string>(&value)) text += " " + std::string(key) + "=" + *string;
    }
    note(text);
  }
}

std::vector<exitgate::trace::Recording> Box::recordings() const {
  std::vector<exitgate::trace::Recording> kept;
  if (!last_life_.empty()) kept.push_back(last_life_);
  if (recorder_) kept.push_back(recorder_->recording());
  return kept;
}

void Box::judge_itself(const PublicEvent& event) {
  bool broken = false;
  for (const auto& [key, value] : event.fields) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) continue;
    if (key == "code") broken = *text == to_string(FaultCode::kInvariantViolated);
    if (broken && key == "advice") around_.oracle.admitted_by_itself(*text + " (found by the box itself)");
  }
}

void Box::receiver(std::size_t lane, bool up) {
  const auto id = file_.receiver_id(receiver_of(lane));
  if (up) feed(DeviceUp{id});
  if (!up) feed(DeviceDown{id, "simulated"});
}

void Box::staff(StaffVerb verb, std::optional<std::size_t> lane, std::optional<LaneMode> mode) {
  for (std::size_t i = 0; alive() && i < lanes_.size(); ++i) {
    if (lane && *lane != i) continue;
    auto& truth = around_.oracle.lane(index_, i);
    const auto at = around_.agenda.now();
    truth.staff_at = at;
    // Refused where the inputs can't be read; of a module that hangs the last reading may still be good.
    const auto& eyes = modules_[file_.lanes[i].eyes_on];
    const auto& panel = modules_[kPanelOn];
    if (verb == StaffVerb::kReset && !truth.alarm && eyes.up && panel.up) {
      truth.reset_perhaps = (eyes.hanging || panel.hanging) && (truth.reset_perhaps || truth.awaits_reset);
      truth.await_reset(false, at);
    }
    if (verb == StaffVerb::kHoldOpen) truth.hold(true, at);
    if (verb == StaffVerb::kReleaseHold) truth.hold(false, at);
  }
  feed(StaffCommand{.request = 1,
                    .lane = lane ? std::optional(ShortId::of(std::to_string(*lane + 1))) : std::nullopt,
                    .verb = verb,
                    .by = "kim",
                    .reason = "simulated",
                    .mode = mode,
                    .user = ""});
}

void Box::reload() {
  edit(around_.dice, file_);
  around_.oracle.limits(index_, file_.policy);
  for (std::size_t i = 0; i < lanes_.size(); ++i) around_.oracle.people(index_, i).joins(file_.lanes[i].join_gap());
  feed(Reconfigure{file_.config(name())});
}

bool Box::green(std::size_t lane) const {
  const auto found = coils_.find(point_of(lane, kGreenPoint));
  return found != coils_.end() && found->second;
}

bool Box::red(std::size_t lane) const {
  const auto found = coils_.find(point_of(lane, kRedPoint));
  return found != coils_.end() && found->second;
}

std::string Box::unrest() const {
  if (!alive()) return "box " + name() + " is dead";
  for (const auto& lane : controller_->status().lanes) {
    if (lane.phase != Phase::kIdle) {
      return "lane " + lane.id.str() + " of " + name() + " is " + std::string(to_string(lane.phase));
    }
  }
  if (store_->queue_status().quarantined != 0) return "receipts of " + name() + " are still in quarantine";
  const auto queued = store_->queue_status().queued;
  if (queued != 0) return std::to_string(queued) + " receipts of " + name() + " are still queued";
  if (rewriting_owed_) return "what " + name() + " dropped while the disk failed is not written anew";
  if (auto next = told_up_to_; door_.next_event(next))
    return "event " + std::to_string(next + 1) + " of the stream is not told to " + name();
  return {};
}

void Box::on_deadline() {
  if (!alive()) return;
  if (radio_->next_deadline() <= around_.agenda.now()) radio_->on_time(around_.agenda.now());
  if (!poll_due() && alive()) step(Tick{});
}

}  // namespace exitgate::sim
