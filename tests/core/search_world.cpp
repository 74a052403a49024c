#include "search_world.hpp"

#include <algorithm>
#include <array>

namespace exitgate::test {
namespace {

constexpr Duration kTurn = milliseconds{90};  // below stale_ms
constexpr int kOpen = 2;
constexpr Duration kQuestionKept = milliseconds{1500};

/// Ids count up over all copies of a world: none is ever given twice.
CountingIds& ids() {
  static CountingIds source;
  return source;
}

/// Short times, in the order of the real ones, so that every deadline is a few turns away.
std::shared_ptr<const GateConfig> search_config(const LaneOptions& options) {
  auto config = make_config({options});
  auto& lane = config.lanes[0];
  lane.timing.no_beacon = milliseconds{900};
  lane.timing.bind_wait = milliseconds{200};
  lane.timing.ambiguity = milliseconds{600};
  lane.timing.lapse = milliseconds{1500};
  lane.timing.close_delay = milliseconds{300};
  lane.timing.open_travel = milliseconds{600};
  lane.timing.close_travel = milliseconds{900};
  lane.timing.join_gap = milliseconds{300};
  lane.timing.party_gap = milliseconds{800};
  lane.timing.stuck = milliseconds{4000};
  lane.timing.settle = milliseconds{400};
  // Lamps, alive and the fire panel change nothing of the states; the release stands for the fire alarm.
  for (const auto role : {OutputRole::kSignalGreen, OutputRole::kSignalRed, OutputRole::kBuzzer})
    lane.output(role).reset();
  // Only `safety` differs between one sample and a level that lasted.
  for (auto& input : lane.inputs) {
    if (input) input->debounce = Duration{0};
  }
  if (lane.input(InputRole::kSafety)) lane.input(InputRole::kSafety)->debounce = milliseconds{20};
  config.fire_alarm.reset();
  config.alive.reset();
  config.healthy.reset();
  config.confirm_timeout = milliseconds{300};
  return std::make_shared<const GateConfig>(std::move(config));
}

}  // namespace

const char* to_string(Input input) {
  static constexpr std::array<const char*, 28> kNames{
      "approach",       "safety",      "exit",       "passage",        "cart near",  "closure", "expected",
      "admit",          "admit two",   "refuse",     "no answer",      "staff open", "hold",    "release hold",
      "out of service", "in service",  "reset",      "release button", "staff key",  "device",  "jam",
      "contradict",     "disk silent", "disk fails", "link",           "kill",       "moment",  "wait"};
  return kNames.at(static_cast<std::size_t>(input));
}

SearchWorld::SearchWorld(const SearchOptions& options)
    : options_(&options),
      config_(search_config(options.lane)),
      controller_(config_, {}, Uuid{}, ids(), Now{.mono = MonoTime{std::chrono::seconds{1000}}}),
      mono_(std::chrono::seconds{1000}) {
  for (PointId point = 0; point < 8; ++point) levels_[point] = false;
  stored_.last_valid_answer = {now().wall};
  cart_near_ = options.cart_stays;
  start();
}

Now SearchWorld::now() const {
  const auto since = std::chrono::duration_cast<milliseconds>(mono_.time_since_epoch());
  const auto wall = wall_from_ms(kWallStart_ms + since.count());
  return {.mono = mono_, .wall = wall, .judging = wall, .synchronised = true, .boot_ms = since.count()};
}

void SearchWorld::start() {
  controller_ = Controller(config_, stored_, Uuid{}, ids(), now());
  reported_.clear();
  device_told_ = false;
  newest_ticket_ = 0;
  step(DeviceUp{1});
  step(BackendConnected{link_, ""});
  poll();
}

void SearchWorld::kill() {
  killed_ = true;
  asked_.clear();
  unwritten_.clear();
  open_ids_.clear();
  passages_seen_ = passages_sealed_;
  for (const auto& receipt : stored_.open_receipts) passages_seen_ += receipt.passages;
  const auto durable = stored_.lanes.empty() ? LaneDurable{} : stored_.lanes.front();
  held_ = durable.held_open;
  out_of_service_ = durable.out_of_service;
  until_reset_ = durable.released;
  written_closed_ = coil_closed_;
  pulse_ = false;
  pulse_out_ = false;
  start();
}

void SearchWorld::poll() {
  if (device_ != device_told_) {
    device_told_ = device_;
    reported_.clear();
    if (device_) step(DeviceUp{kIo});
    if (!device_) step(DeviceDown{kIo, "scripted"});
  }
  if (!device_) {
    step(Tick{});
    return;
  }
  levels_[kLimitOpen] = position_ == kOpen || contradict_;
  levels_[kLimitClosed] = position_ == 0 || contradict_;
  InputsPolled polled{kIo, {}};
  for (const auto& [point, active] : levels_) {
    const auto known = reported_.find(point);
    const bool stuck = options_->mutant == Mutant::kEyeSticks && point == kApproach && !active;
    if (known != reported_.end() && (known->second == active || stuck)) continue;
    reported_[point] = active;
    polled.changes.push_back({point, active, mono_});
  }
  polled_at_ = mono_;
  if (reported_[kLimitClosed] && coil_closed_) fully_closed_ = true;
  step(polled);
}

void SearchWorld::turn() {
  mono_ += kTurn;
  ++turns_;
  if (!jam_) position_ = std::clamp(position_ + (coil_closed_ ? -1 : 1), 0, kOpen);
  if (cart_near_ && turns_ % 4 == 0) {
    step(BeaconHeard{.receiver = 1,
                     .cart_id = kSearchedCart,
                     .state = BeaconState::kClosed,
                     .session_tag = tag(tag_),
                     .rssi_dbm = -60,
                     .tx_dbm = -59});
  }
  while (!asked_.empty() && mono_ - asked_.front().at >= kQuestionKept) {
    const auto oldest = asked_.front();
    answer(NoAnswer{}, oldest);
  }
  poll();
}

void SearchWorld::set_eye(Point point, bool blocked) {
  levels_[point] = blocked;
  if (device_ && device_told_) poll();
}

void SearchWorld::disk_is(Disk disk) {
  disk_ = disk;
  if (disk != Disk::kWell) return;
  // All of it is written before anything that its answers lead to.
  const auto late = std::exchange(unwritten_, {});
  for (const auto& persist : late) {
    for (const auto& write : persist.writes) store(write);
  }
  for (const auto& persist : late) step(Persisted{persist.ticket, Status{}});
}

void SearchWorld::make_normal() {
  for (const auto point : {kApproach, kSafety, kExit, kPassageContact, kRelease, kStaffKey}) levels_[point] = false;
  device_ = true;
  jam_ = false;
  contradict_ = false;
  cart_near_ = false;
  if (!link_) step(BackendConnected{true, ""});
  link_ = true;
  disk_is(Disk::kWell);
  poll();
}

bool SearchWorld::command(StaffVerb verb) {
  command_status_.reset();
  step(StaffCommand{.request = 1,
                    .lane = std::nullopt,
                    .verb = verb,
                    .by = "kim",
                    .reason = "search",
                    .mode = std::nullopt,
                    .user = ""});
  if (!command_status_ || !command_status_->has_value()) return false;
  if (verb == StaffVerb::kHoldOpen || verb == StaffVerb::kReleaseHold) held_ = verb == StaffVerb::kHoldOpen;
  if (verb == StaffVerb::kOutOfService || verb == StaffVerb::kInService)
    out_of_service_ = verb == StaffVerb::kOutOfService;
  if (verb == StaffVerb::kReset) until_reset_ = false;
  return true;
}

void SearchWorld::answer(const ConfirmAnswer& reply, Asked asked) {
  std::erase_if(asked_, [&](const Asked& a) { return a.id == asked.id; });
  step(AnswerArrived{asked.id, reply});
}

void SearchWorld::answer_oldest(Input input) {
  const auto asked = asked_.front();
  if (input == Input::kRefuse) return answer(Refuse{RefuseReason::kSessionOpen}, asked);
  if (input == Input::kNoAnswer) return answer(NoAnswer{}, asked);
  const auto number = asked.cart ? asked.tag.bytes[0] : static_cast<std::uint8_t>(100 + next_session_++ % 150);
  answer(admit_answer(number, input == Input::kAdmitTwo ? 2 : 1), asked);
}

void SearchWorld::apply_evidence(Input input) {
  if (input == Input::kExpected) {
    auto entry = expected(static_cast<std::uint8_t>(100 + next_session_++ % 150));
    entry.at = now().wall;
    step(StreamArrived{entry, "1"});
  } else if (input == Input::kClosure) {
    step(StreamArrived{closure(kSearchedCart, tag_, tag_), "1"});
  } else {
    cart_near_ = !cart_near_;
    // Whoever comes next has a session of their own, as long as at most two are on their way out.
    const bool room = lane().authorisations().size() < 2;
    const SessionName name{.session_id = {}, .cart_id = kSearchedCart, .session_tag = tag(tag_)};
    if (cart_near_ && room && controller_.gate().book.used(name)) tag_ = static_cast<std::uint8_t>(tag_ % 90 + 1);
  }
}

void SearchWorld::apply(Input input) {
  auto flip = [this](Point point) { set_eye(point, !levels_[point]); };
  static constexpr std::array<StaffVerb, 6> kVerbs{StaffVerb::kOpen,        StaffVerb::kHoldOpen,
                                                   StaffVerb::kReleaseHold, StaffVerb::kOutOfService,
                                                   StaffVerb::kInService,   StaffVerb::kReset};
  if (input >= Input::kStaffOpen && input <= Input::kReset) {
    (void)command(kVerbs.at(static_cast<std::size_t>(input) - static_cast<std::size_t>(Input::kStaffOpen)));
    return;
  }
  if (input >= Input::kAdmit && input <= Input::kNoAnswer) return answer_oldest(input);
  switch (input) {
    case Input::kApproach:
      return flip(kApproach);
    case Input::kSafety:
      return flip(kSafety);
    case Input::kExit:
      return flip(kExit);
    case Input::kPassage:
      flip(kPassageContact);
      turn();
      return flip(kPassageContact);
    case Input::kRelease:
      return flip(kRelease);
    case Input::kStaffKey:
      return flip(kStaffKey);
    case Input::kDevice:
      device_ = !device_;
      return;
    case Input::kJam:
      jam_ = !jam_;
      return;
    case Input::kContradict:
      contradict_ = !contradict_;
      return;
    case Input::kDiskSilent:
      return disk_is(disk_ == Disk::kWell ? Disk::kSilent : Disk::kWell);
    case Input::kDiskFails:
      return disk_is(disk_ == Disk::kWell ? Disk::kFails : Disk::kWell);
    case Input::kLink:
      link_ = !link_;
      return step(BackendConnected{link_, ""});
    case Input::kKill:
      return kill();
    case Input::kMoment:
      return turn();
    default:
      return apply_evidence(input);
  }
}

}  // namespace exitgate::test
