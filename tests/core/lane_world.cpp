#include "lane_world.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

namespace exitgate::test {
namespace {

constexpr Duration kTurn = milliseconds{10};

}  // namespace

Uuid CountingIds::next(WallTime at) {
  std::array<std::uint8_t, 10> random{};
  for (std::size_t i = 0; i < 8; ++i) random[9 - i] = static_cast<std::uint8_t>(next_ >> (8 * i));
  ++next_;
  return make_uuid_v7(at, random);
}

GateConfig make_config(const std::vector<LaneOptions>& lanes) {
  GateConfig config;
  config.store_id = ShortId::of("SEA-042");
  config.gate_id = ShortId::of("front");
  config.devices.push_back({ShortId::of("io1"), DeviceKind::kDigital});
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    config.devices.push_back({ShortId::of("rx" + std::to_string(i + 1)), DeviceKind::kReceiver});
    const auto base = static_cast<PointId>(i * kPointsPerLane);
    auto in = [&](PointId point) { return InputBinding{.point = static_cast<PointId>(base + point), .device = kIo}; };
    auto out = [&](PointId point) { return OutputBinding{.point = static_cast<PointId>(base + point), .device = kIo}; };
    LaneConfig lane;
    lane.id = ShortId::of(std::to_string(i + 1));
    lane.mode = lanes[i].mode;
    lane.accessible = lanes[i].accessible;
    lane.timing = LaneTiming::defaults(lane.accessible);
    lane.receiver = static_cast<DeviceId>(i + 1);
    lane.input(InputRole::kApproach) = in(kApproach);
    lane.input(InputRole::kRelease) = in(kRelease);
    lane.input(InputRole::kStaffKey) = in(kStaffKey);
    if (lanes[i].pulse) {
      lane.input(InputRole::kPassage) = in(kPassageContact);
      lane.output(OutputRole::kOpenPulse) = out(kPulse);
      lane.output(OutputRole::kHoldOpen) = out(kHold);
    } else {
      lane.input(InputRole::kSafety) = in(kSafety);
      lane.input(InputRole::kExit) = in(kExit);
      lane.output(OutputRole::kBarrier) = out(kBarrier);
    }
    if (lanes[i].limits && !lanes[i].pulse) {
      lane.input(InputRole::kBarrierOpen) = in(kLimitOpen);
      lane.input(InputRole::kBarrierClosed) = in(kLimitClosed);
    }
    lane.output(OutputRole::kSignalGreen) = out(kGreen);
    lane.output(OutputRole::kSignalRed) = out(kRed);
    lane.output(OutputRole::kBuzzer) = out(kBuzzer);
    config.lanes.push_back(lane);
  }
  config.fire_alarm = InputBinding{.point = kFire, .device = kIo};
  config.alive = OutputBinding{.point = kAlive, .device = kIo};
  config.healthy = OutputBinding{.point = kHealthy, .device = kIo};
  return config;
}

LaneWorld::LaneWorld(std::vector<LaneOptions> lanes, LoadedState loaded, bool barrier_found_open,
                     const std::function<void(GateConfig&)>& tune)
    : options_(std::move(lanes)) {
  auto made = make_config(options_);
  if (tune) tune(made);
  const auto config = std::make_shared<const GateConfig>(std::move(made));
  for (std::size_t i = 0; i < options_.size(); ++i) {
    const auto base = static_cast<PointId>(i * kPointsPerLane);
    for (PointId p = 0; p < 8; ++p) inputs_[static_cast<PointId>(base + p)] = false;
    coils[static_cast<PointId>(base + (options_[i].pulse ? kHold : kBarrier))] = !barrier_found_open;
    position_[i] = barrier_found_open ? 1 : 0;
  }
  inputs_[kFire] = false;
  controller = std::make_unique<Controller>(config, loaded, Uuid{}, ids_, now());
  for (std::size_t i = 0; i < options_.size(); ++i) step(DeviceUp{static_cast<DeviceId>(i + 1)});
  step(BackendConnected{true, ""});
  move_barriers();
}

Now LaneWorld::now() const {
  const auto since = std::chrono::duration_cast<milliseconds>(mono_.time_since_epoch());
  const WallTime wall = wall_from_ms(kWallStart_ms + since.count()) + wall_offset_;
  return {
      .mono = mono_, .wall = wall, .judging = floor.value_or(wall), .synchronised = !floor, .boot_ms = since.count()};
}

void LaneWorld::set(PointId point, bool active) { inputs_[point] = active; }

void LaneWorld::step(const Event& event) { carry_out(std::vector<Command>(controller->step(event, now()))); }

void LaneWorld::carry_out(const std::vector<Command>& commands) {
  std::vector<Event> results;
  for (const auto& command : commands) {
    if (const auto* write = std::get_if<WriteOutput>(&command)) {
      writes.emplace_back(mono_, *write);
      if (!device_answers_) continue;
      coils[write->point] = write->energised;
      results.emplace_back(OutputWritten{write->point, write->energised, true});
    } else if (const auto* read = std::get_if<ReadOutputs>(&command)) {
      if (!device_answers_) continue;
      OutputsRead found{read->device, {}};
      for (const auto& [point, energised] : coils) found.levels.push_back({point, energised, mono_});
      results.emplace_back(std::move(found));
    } else if (const auto* ask = std::get_if<Ask>(&command)) {
      asked.push_back(ask->request);
      questions_.emplace_back(ask->question, ask->request);
      const auto reply = backend && ask->question != 0 ? backend(ask->request) : std::nullopt;
      if (reply) results.emplace_back(AnswerArrived{ask->question, *reply});
    } else if (const auto* persist = std::get_if<Persist>(&command)) {
      if (!disk_code_.empty()) {
        results.emplace_back(Persisted{persist->ticket, fail(Error{disk_code_, "scripted"})});
        continue;
      }
      persisted.push_back(persist->writes);
      for (const auto& w : persist->writes) store(w);
      if (disk_answers_) results.emplace_back(Persisted{persist->ticket, Status{}});
      if (!disk_answers_) unwritten_.push_back(persist->ticket);
    } else if (const auto* publish = std::get_if<Publish>(&command)) {
      events.push_back(publish->event);
    } else if (const auto* done = std::get_if<CommandDone>(&command)) {
      command_results_.push_back(done->status);
    }
  }
  // A box that answers itself without end, in no time, would never turn again.
  if (++depth_ > 300) throw std::runtime_error("the box goes round in circles");
  for (const auto& result : results) step(result);
  --depth_;
}

void LaneWorld::store(const StoreWrite& write) {
  if (const auto* open_write = std::get_if<PutOpenReceipt>(&write))
    open[open_write->receipt.receipt_id] = open_write->receipt;
  if (const auto* seal = std::get_if<PutSealedReceipt>(&write)) {
    open.erase(seal->receipt.receipt_id);
    sealed.push_back(seal->receipt);
  }
  if (const auto* lane = std::get_if<PutLane>(&write)) lanes_stored[lane->lane.lane_id.str()] = lane->lane;
  if (const auto* entry = std::get_if<PutLedger>(&write)) ledger[entry->entry.entry_id] = entry->entry;
}

void LaneWorld::move_barriers() {
  for (std::size_t i = 0; i < options_.size(); ++i) {
    const auto base = static_cast<PointId>(i * kPointsPerLane);
    const bool closing = coils[static_cast<PointId>(base + kBarrier)];
    const double part = static_cast<double>(to_ms(kTurn)) / travel_ms;
    auto& at = position_[i];
    if (!barrier_jammed) at = std::clamp(at + (closing ? -part : part), 0.0, 1.0);
    inputs_[static_cast<PointId>(base + kLimitOpen)] = at >= 1.0 || contradict_;
    inputs_[static_cast<PointId>(base + kLimitClosed)] = at <= 0.0 || contradict_ || closed_contact_stuck_;
  }
}

void LaneWorld::poll() {
  if (device_answers_ != device_was_up_) {
    device_was_up_ = device_answers_;
    reported_.clear();
    if (device_answers_) {
      step(DeviceUp{kIo});
    } else {
      step(DeviceDown{kIo, "scripted"});
    }
  }
  if (!device_answers_) return;
  InputsPolled polled{kIo, {}};
  for (const auto& [point, active] : inputs_) {
    const auto known = reported_.find(point);
    if (known != reported_.end() && known->second == active) continue;
    reported_[point] = active;
    polled.changes.push_back({point, active, mono_});
  }
  step(polled);
}

void LaneWorld::run(Duration span) {
  const MonoTime end = mono_ + span;
  while (mono_ < end) {
    mono_ += kTurn;
    move_barriers();
    if (mono_ >= next_beacons_) {
      next_beacons_ = mono_ + milliseconds{100};
      for (const auto& beacon : std::vector<BeaconHeard>(beacons_)) step(beacon);
      for (const auto& beacon : std::vector<BeaconHeard>(mistimed_)) step(MistimedHeard{beacon});
    }
    if (disk_answers_ && !unwritten_.empty()) {
      for (const auto ticket : std::exchange(unwritten_, {})) step(Persisted{ticket, Status{}});
    }
    poll();
    if (controller->next_deadline() <= mono_) step(Tick{});
  }
}

bool LaneWorld::run_until(const std::function<bool()>& met, Duration limit) {
  const MonoTime end = mono_ + limit;
  while (!met()) {
    if (mono_ >= end) return false;
    run(kTurn);
  }
  return true;
}

void LaneWorld::hear(CartId cart, BeaconState state, int rssi_dbm, std::size_t lane, std::uint8_t tag_number) {
  step(BeaconHeard{.receiver = static_cast<DeviceId>(lane + 1),
                   .cart_id = cart,
                   .state = state,
                   .session_tag = tag(tag_number),
                   .rssi_dbm = rssi_dbm,
                   .tx_dbm = -59});
}

void LaneWorld::beacon(CartId cart, BeaconState state, int rssi_dbm, std::size_t lane, std::uint8_t tag_number) {
  std::erase_if(beacons_, [&](const BeaconHeard& b) { return b.cart_id == cart && b.receiver == lane + 1; });
  beacons_.push_back({.receiver = static_cast<DeviceId>(lane + 1),
                      .cart_id = cart,
                      .state = state,
                      .session_tag = tag(tag_number),
                      .rssi_dbm = rssi_dbm,
                      .tx_dbm = -59});
}

void LaneWorld::mistimed(CartId cart, BeaconState state, int rssi_dbm, std::uint8_t tag_number) {
  mistimed_.push_back({.receiver = 1,
                       .cart_id = cart,
                       .state = state,
                       .session_tag = tag(tag_number),
                       .rssi_dbm = rssi_dbm,
                       .tx_dbm = -59});
}

void LaneWorld::answer(std::size_t question_index, ConfirmAnswer reply) {
  step(AnswerArrived{questions_.at(question_index).first, std::move(reply)});
}

void LaneWorld::push(StreamEvent event) {
  static int id = 0;
  step(StreamArrived{std::move(event), std::to_string(++id)});
}

bool LaneWorld::barrier_commanded_open(std::size_t lane) const {
  const auto point = static_cast<PointId>(lane * kPointsPerLane + (options_[lane].pulse ? kHold : kBarrier));
  return !coils.at(point);
}

bool LaneWorld::has_fault(FaultCode code) const {
  const auto faults = controller->status().faults;
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& f) { return f.code == code; });
}

std::vector<std::string> LaneWorld::alarms() const {
  std::vector<std::string> names;
  for (const auto& event : events) {
    if (event.type == PublicEventType::kAlarm) names.push_back(std::get<std::string>(event.fields.front().second));
  }
  return names;
}

std::vector<Uuid> LaneWorld::sessions_given_back() const {
  std::vector<Uuid> sessions;
  for (const auto& request : asked) {
    if (request.stage == Stage::kLapsed) sessions.push_back(request.session_id.value_or(Uuid{}));
  }
  return sessions;
}

Status LaneWorld::command(StaffVerb verb, std::optional<LaneMode> mode, std::string lane) {
  command_results_.clear();
  StaffCommand c{.request = 1,
                 .lane = lane == "all" ? std::nullopt : ShortId::parse(lane),
                 .verb = verb,
                 .by = "kim",
                 .reason = "test",
                 .mode = mode,
                 .user = ""};
  step(c);
  return command_results_.empty() ? fail("nothing", "no answer in the step") : command_results_.front();
}

void LaneWorld::settle(std::size_t lane) {
  REQUIRE(run_until([&] { return phase(lane) == Phase::kIdle; }, std::chrono::seconds{10}));
}

void LaneWorld::paid_cart_comes_near(std::uint16_t party) {
  push(closure(117, 1, 1, party));
  beacon(117, BeaconState::kClosed);
  run(milliseconds{600});
}

void LaneWorld::shopping_cart_steps_up() {
  beacon(117, BeaconState::kShopping);
  run(milliseconds{600});
  set(kApproach, true);
}

void LaneWorld::opens_for_whoever_comes() {
  set(kApproach, true);
  REQUIRE(run_until([&] { return phase() == Phase::kPassing; }, std::chrono::seconds{3}));
}

void LaneWorld::opens_for_a_paid_cart(std::uint16_t party) {
  settle();
  paid_cart_comes_near(party);
  opens_for_whoever_comes();
}

void LaneWorld::go_away() {
  set(kApproach, false);
  run(milliseconds{700});
}

void LaneWorld::go_offline() {
  step(BackendConnected{false, "cable"});
  run(std::chrono::seconds{6});
}

void LaneWorld::walk_through(std::size_t lane, Duration each) {
  const auto base = static_cast<PointId>(lane * kPointsPerLane);
  auto point = [&](Point p) { return static_cast<PointId>(base + p); };
  set(point(kSafety), true);
  run(each / 2);
  set(point(kApproach), false);
  run(each / 2);
  set(point(kExit), true);
  run(each / 2);
  set(point(kSafety), false);
  run(each / 2);
  set(point(kExit), false);
}

}  // namespace exitgate::test
