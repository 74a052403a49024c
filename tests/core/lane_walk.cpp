#include "lane_walk.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace exitgate::test {
namespace {

constexpr Duration kTurn = milliseconds{10};

std::string to_text(const FieldValue& value) {
  struct Text {
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double d) const { return std::to_string(d); }
    std::string operator()(const std::string& s) const { return s; }
  };
  return std::visit(Text{}, value);
}

}  // namespace

LaneWalk::LaneWalk(WalkOptions options)
    : world(options.lanes, {}, options.seed % 3 == 0), options_(std::move(options)), random_(options_.seed) {
  seen_.resize(options_.lanes.size());
  for (std::size_t i = 0; i < seen_.size(); ++i) seen_[i].coil_open = world.barrier_commanded_open(i);
  world.backend = [this](const ConfirmRequest& request) -> std::optional<ConfirmAnswer> {
    const auto n = static_cast<std::uint8_t>(request.cart_id ? *request.cart_id : 50U + static_cast<unsigned>(answer_));
    switch (answer_) {
      case 0:
      case 1:
        return admit_answer(n, static_cast<std::uint16_t>(1 + n % 3));
      case 2:
        return Refuse{RefuseReason::kSessionOpen};
      case 3:
        return Refuse{RefuseReason::kAlreadyUsed};
      case 4:
        return NoAnswer{};
      default:
        return std::nullopt;
    }
  };
}

void LaneWalk::found(std::string what) {
  if (!wrong_.empty()) return;
  std::ostringstream out;
  out << what << " at " << std::chrono::duration_cast<milliseconds>(world.now().mono.time_since_epoch()).count()
      << " ms";
  wrong_ = out.str();
}

bool LaneWalk::is_set(std::size_t lane, Point point) const {
  const auto at = points_.find(static_cast<PointId>(lane * kPointsPerLane + point));
  return at != points_.end() && at->second;
}

void LaneWalk::set(std::size_t lane, Point point, bool active) {
  const auto id = static_cast<PointId>(lane * kPointsPerLane + point);
  points_[id] = active;
  world.set(id, active);
}

void LaneWalk::turn(Duration span) {
  for (Duration done{0}; done < span; done += kTurn) {
    world.run(kTurn);
    if (options_.run_all_lanes_always) world.step(Persisted{0, Status{}});
    judge_turn();
  }
}

void LaneWalk::judge_turn() {
  device_turns_ = device_ ? std::max(device_turns_, 0) + 1 : std::min(device_turns_, 0) - 1;
  for (std::size_t lane = 0; lane < seen_.size(); ++lane) {
    judge_writes(lane);
    judge_lane(lane);
  }
  writes_seen_ = world.writes.size();
  for (; events_seen_ < world.events.size(); ++events_seen_) {
    const auto& event = world.events[events_seen_];
    const bool fault = event.type == PublicEventType::kFault;
    if (fault && to_text(event.fields[0].second) == "invariant_violated") found(to_text(event.fields[4].second));
  }
}

void LaneWalk::judge_writes(std::size_t lane) {
  auto& seen = seen_[lane];
  const bool pulse = options_.lanes[lane].pulse;
  const auto barrier = static_cast<PointId>(lane * kPointsPerLane + (pulse ? kHold : kBarrier));
  for (auto i = writes_seen_; i < world.writes.size(); ++i) {
    const auto& write = world.writes[i].second;
    if (write.point != barrier) continue;
    if (write.energised && seen.coil_open) {
      seen.fully_closed = false;
      // S1: in this turn and the one before it somebody was seen, or nobody could be.
      if (!pulse && seen.safety_before && is_set(lane, kSafety))
        found("S1: closed on somebody, lane " + std::to_string(lane));
      if (device_turns_ < -12) found("S1: closed without an answer of the eyes, lane " + std::to_string(lane));
    }
    if (!write.energised && !seen.coil_open && !pulse && world.controller->lanes()[lane].authorisations().empty()) {
      found("S5: opened without a receipt, lane " + std::to_string(lane));
    }
    seen.coil_open = !write.energised;
  }
  seen.safety_before = is_set(lane, kSafety);
}

void LaneWalk::judge_lane(std::size_t lane) {
  auto& seen = seen_[lane];
  const auto& limits = world.controller->lanes()[lane].eyes();
  if (!seen.coil_open && limits.limit_closed == true) seen.fully_closed = true;
  const bool readable = device_turns_ > 4;
  const bool blocked = is_set(lane, kSafety) && readable;
  seen.blocked_turns = blocked ? seen.blocked_turns + 1 : 0;
  const bool released = (is_set(lane, kRelease) || fire_) && readable;
  seen.released_turns = released ? seen.released_turns + 1 : 0;
  if (seen.released_turns > 4 && !world.barrier_commanded_open(lane))
    found("S2: not open, lane " + std::to_string(lane));
  const bool closing = !seen.coil_open && options_.lanes[lane].limits && !options_.lanes[lane].pulse &&
                       limits.limit_closed == false && !seen.fully_closed;
  if (closing && seen.blocked_turns > 2) found("S8: closing on somebody, lane " + std::to_string(lane));
}

void LaneWalk::move() {
  const auto lane = static_cast<std::size_t>(pick(static_cast<int>(seen_.size())));
  switch (pick(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      move_person(lane);
      break;
    case 5:
    case 6:
    case 7:
      move_radio(lane);
      break;
    case 8:
    case 9:
      answer_ = pick(6);
      break;
    case 10:
      move_staff(lane);
      break;
    default:
      move_trouble();
      break;
  }
  static constexpr std::array<int, 6> kSpans_ms{10, 50, 200, 600, 1500, 4000};
  turn(milliseconds{kSpans_ms.at(static_cast<std::size_t>(pick(6)))});
}

void LaneWalk::move_person(std::size_t lane) {
  if (options_.lanes[lane].pulse) {
    if (pick(2) == 0) {
      set(lane, kApproach, pick(2) == 0);
      return;
    }
    set(lane, kPassageContact, true);
    turn(milliseconds{60});
    set(lane, kPassageContact, false);
    return;
  }
  switch (pick(6)) {
    case 0:
      set(lane, kApproach, true);
      break;
    case 1:
      set(lane, kApproach, false);
      break;
    case 2:
      set(lane, kSafety, pick(2) == 0);
      break;
    case 3:
      set(lane, kExit, pick(2) == 0);
      break;
    default:
      set(lane, kSafety, true);
      turn(milliseconds{200});
      set(lane, kApproach, pick(4) == 0);
      set(lane, kExit, true);
      turn(milliseconds{200});
      set(lane, kSafety, false);
      turn(milliseconds{200});
      set(lane, kExit, false);
  }
}

void LaneWalk::move_radio(std::size_t lane) {
  const auto cart = static_cast<CartId>(101 + pick(4));
  const auto number = static_cast<std::uint8_t>(cart);
  static constexpr std::array<BeaconState, 4> kStates{BeaconState::kIdle, BeaconState::kShopping, BeaconState::kClosed,
                                                      BeaconState::kClosed};
  switch (pick(6)) {
    case 0:
      world.silence(cart);
      break;
    case 1:
      world.push(closure(cart, number, number, static_cast<std::uint16_t>(1 + number % 3)));
      break;
    case 2:
      world.push(expected(static_cast<std::uint8_t>(200 + pick(40)), 1, lane == 0 ? "1" : "2"));
      break;
    default:
      world.beacon(cart, kStates.at(static_cast<std::size_t>(pick(4))), -55 - pick(30), lane, number);
  }
}

void LaneWalk::move_staff(std::size_t lane) {
  static constexpr std::array<StaffVerb, 9> kVerbs{
      StaffVerb::kOpen,      StaffVerb::kOpen,  StaffVerb::kHoldOpen, StaffVerb::kReleaseHold, StaffVerb::kOutOfService,
      StaffVerb::kInService, StaffVerb::kReset, StaffVerb::kReset,    StaffVerb::kMode};
  const auto verb = kVerbs.at(static_cast<std::size_t>(pick(9)));
  const bool all = pick(4) == 0;
  (void)world.command(verb, options_.lanes[lane].mode, all ? "all" : std::to_string(lane + 1));
}

void LaneWalk::move_trouble() {
  switch (pick(10)) {
    case 0:
      world.disk(pick(2) == 0);
      break;
    case 1:
      world.disk_fails(pick(2) == 0 ? "storage_full" : "");
      break;
    case 2:
      device_ = pick(2) == 0;
      world.device(device_);
      break;
    case 3:
      fire_ = pick(3) == 0;
      world.set(kFire, fire_);
      break;
    case 4:
      set(static_cast<std::size_t>(pick(static_cast<int>(seen_.size()))), kRelease, pick(3) == 0);
      break;
    case 5:
      set(0, kStaffKey, pick(3) == 0);
      break;
    case 6:
      world.barrier_jammed = pick(3) == 0;
      break;
    case 7:
      world.contradict_limits(pick(4) == 0);
      break;
    case 8:
      world.travel_ms = pick(3) == 0 ? 2500 : 500;
      break;
    default:
      world.step(BackendConnected{pick(2) == 0, ""});
      break;
  }
}

void LaneWalk::calm() {
  for (auto& [point, active] : points_) {
    active = false;
    world.set(point, false);
  }
  fire_ = false;
  world.set(kFire, false);
  for (CartId cart = 101; cart < 105; ++cart) world.silence(cart);
  world.disk(true);
  world.disk_fails("");
  device_ = true;
  world.device(true);
  world.barrier_jammed = false;
  world.contradict_limits(false);
  world.travel_ms = 500;
  world.step(BackendConnected{true, ""});
  turn(std::chrono::seconds{5});
  for (const auto verb : {StaffVerb::kReleaseHold, StaffVerb::kInService, StaffVerb::kReset}) {
    (void)world.command(verb, {}, "all");
  }
  turn(std::chrono::seconds{70});
}

void LaneWalk::judge_end() {
  for (std::size_t lane = 0; lane < seen_.size(); ++lane) {
    const auto name = " of lane " + std::to_string(lane);
    if (world.phase(lane) != Phase::kIdle)
      found("S10: the phase" + name + " is " + std::string(to_string(world.phase(lane))));
    if (!world.controller->lanes()[lane].authorisations().empty()) found("S5: a receipt is left open" + name);
  }
  if (!world.open.empty()) found("S5: an open receipt is left in the store");
  if (world.controller->gate().persists.kept() != 0) found("S10: a transaction was never written");
  std::set<Uuid> ids;
  for (const auto& receipt : world.sealed) {
    if (!ids.insert(receipt.receipt_id).second) found("S5: a receipt was sealed twice");
    if (!receipt.outcome) found("S5: a receipt was sealed without an outcome");
  }
  for (const auto& fault : world.controller->status().faults) {
    if (fault.severity != Severity::kWarning) found("S10: fault " + std::string(to_string(fault.code)) + " stands");
  }
  std::map<std::string, bool> standing;
  for (const auto& event : world.events) {
    if (event.type != PublicEventType::kFault) continue;
    const auto key = to_text(event.fields[0].second) + " of " + to_text(event.fields[2].second);
    const bool active = std::get<bool>(event.fields[3].second);
    if (active == std::exchange(standing[key], active)) found("a fault was raised or cleared twice: " + key);
  }
}

std::string LaneWalk::run() {
  try {
    for (int i = 0; i < options_.moves && wrong_.empty(); ++i) move();
    if (wrong_.empty()) calm();
  } catch (const std::exception& endless) {
    found(endless.what());
  }
  if (wrong_.empty()) judge_end();
  return wrong_;
}

std::vector<std::string> LaneWalk::log() const {
  std::vector<std::string> lines;
  for (const auto& event : world.events) {
    std::string line = std::to_string(event.at.time_since_epoch().count()) + " " + std::string(to_string(event.type));
    if (event.lane_id) line += " " + event.lane_id->str();
    for (const auto& [name, value] : event.fields) {
      if (name != "receipt_id") line += " " + std::string(name) + "=" + to_text(value);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace exitgate::test
