// Barriers, receipts and steps.
#include "tools/sim/oracle.hpp"

#include <algorithm>
#include <utility>

namespace exitgate::sim {
namespace {

/// What is not durable by then is opened for all the same.
constexpr Duration kDurableIn = milliseconds{150};
constexpr Duration kStale = milliseconds{100};

/// A replay mark is given to the disk by then (beacon contract: "durable at least every 10 s").
constexpr Duration kMarksDurable = std::chrono::seconds{10};
/// What the disk refused is given to it again after 1 s.
constexpr Duration kRetried = milliseconds{1100};

/// The age of an outage is on the disk at least this often, a transaction later.
constexpr Duration kOutageKept = std::chrono::seconds{65};

/// What is given as active is debounced for 20 ms.
constexpr Duration kDebounced = milliseconds{25};

}  // namespace

Oracle::Oracle(StoreModel& store, std::size_t boxes, std::size_t lanes)
    : store_(&store),
      lanes_(boxes, std::vector<LaneTruth>(lanes)),
      open_(boxes),
      sealed_(boxes),
      heard_(boxes),
      troubled_until_(boxes, std::vector<MonoTime>(lanes)),
      people_(boxes, std::vector<LanePeople>(lanes)),
      carts_heard_(boxes),
      passages_(boxes),
      marks_lost_(boxes),
      disk_refuses_(boxes, false),
      late_(boxes),
      wire_bad_(boxes),
      open_at_death_(boxes),
      told_up_to_(boxes),
      backend_bad_until_(boxes),
      radio_bad_until_(boxes),
      clock_stepped_at_(boxes),
      clock_ahead_until_(boxes),
      heard_at_(boxes),
      kept_until_(boxes),
      untold_(boxes),
      offline_(boxes),
      limits_(boxes) {}

void Oracle::alarm(std::size_t box, std::size_t lane, bool stands, MonoTime now) {
  auto& truth = lanes_[box][lane];
  if (stands && !truth.alarm) truth.alarm_at = now;
  truth.alarm = stands;
  if (stands) truth.await_reset(true, now);
}

void Oracle::blind(std::size_t box, std::optional<std::size_t> lane, MonoTime from, MonoTime to,
                   std::int64_t phantoms) {
  for (std::size_t i = 0; i < lanes_[box].size(); ++i) {
    if (!lane || *lane == i) people_[box][i].blind(from, to, phantoms);
  }
}

void Oracle::disk_refuses(std::size_t box, MonoTime since, MonoTime now) {
  if (!disk_refuses_[box]) late_[box].push_back({since, now});
  disk_refuses_[box] = true;
}

void Oracle::trouble(std::size_t box, std::optional<std::size_t> lane, MonoTime until) {
  for (std::size_t i = 0; i < lanes_[box].size(); ++i) {
    if (!lane || *lane == i) troubled_until_[box][i] = std::max(until, troubled_until_[box][i]);
  }
}

void Oracle::barrier_told(std::size_t box, std::size_t lane, bool closed, MonoTime now) {
  auto& truth = lanes_[box][lane];
  const bool changes = !truth.known || truth.told_closed != closed;
  if (closed && truth.known && !truth.told_closed && !truth.pulse) {
    if (truth.safety)
      violate("S1: the barrier of " + place(box, lane) + " was told to close with the swept area occupied");
    if (now - truth.read_at > kStale)
      violate("S1: the barrier of " + place(box, lane) + " was told to close with the swept area unreadable");
  }
  if (closed && truth.awaits_reset)
    violate("S2: " + place(box, lane) + " was told to close before the alarm was reset");
  const bool key = truth.key && now - truth.key_at > kDebounced;
  if (closed && (truth.held || key) && !truth.pulse && (!truth.known || !truth.told_closed))
    violate("S2: " + place(box, lane) + " is held open and was told to close");
  if (!closed && changes) truth.shown_at = now;
  if (!closed && changes && truth.known) opened_.emplace_back(box, lane);
  truth.told_closed = closed;
  truth.known = true;
}

void Oracle::wrote_open(std::size_t box, const Receipt& receipt, const Now& now) {
  if (sealed_[box].contains(receipt.receipt_id)) return violate("S5: a sealed receipt was written as open again");
  const auto lane = receipt.lane_id.str();
  const auto [at, fresh] = open_[box].try_emplace(receipt.receipt_id);
  const bool shopper = receipt.kind == ReceiptKind::kCart || receipt.kind == ReceiptKind::kWalkout;
  if (fresh) lanes_[box][std::stoul(lane) - 1].admitted = shopper ? receipt.cart_id : std::nullopt;
  if (fresh && receipt.authorised_mono_ms == to_ms(now.mono.time_since_epoch())) {
    judge_new(box, std::stoul(lane) - 1, receipt, now);
  } else if (fresh) {
    // One that waited for the disk in memory says nothing about who stands there now.
    if (!disk_refuses_[box]) violate("S5: lane " + lane + " opened before its receipt was given to the disk");
    settle(box, receipt);
    if (const auto session = session_of(receipt)) excused_.insert(*session);
  }
  auto& open = at->second;
  if (!fresh) judge_reassigned(box, receipt, open, now.mono);
  open.lane = lane;
  open.passages = receipt.passages;
  open.party = receipt.party_size.value_or(1);
  open.session = shopper ? session_of(receipt) : std::nullopt;
  open.repeated = receipt.flags.has(Flag::kAfterRestart);
  if (!fresh) return;
  open.shopper = shopper;
  // Behind a write that the disk refused it is given to the disk later than it was decided.
  open.since = std::min(now.mono, MonoTime{milliseconds{receipt.authorised_mono_ms}});
}

void Oracle::wrote(std::size_t box, const Receipt& receipt) {
  auto& known = passages_[box][receipt.receipt_id];
  const auto more = static_cast<std::int64_t>(receipt.passages) - static_cast<std::int64_t>(known);
  known = receipt.passages;
  // A power cut may lose those of its last 150 ms, in a receipt sealed `unknown` (S5).
  const bool lost = more < 0 && receipt.outcome == Outcome::kUnknown;
  if (!lost) people_[box][std::stoul(receipt.lane_id.str()) - 1].counted(more);
}

std::optional<Uuid> Oracle::session_of(const Receipt& receipt) const {
  const Session* session = receipt.session_id ? store_->find(*receipt.session_id) : nullptr;
  if (session == nullptr && receipt.cart_id && receipt.session_tag)
    session = store_->find(*receipt.cart_id, *receipt.session_tag);
  return session != nullptr ? std::optional(session->id) : std::nullopt;
}

void Oracle::settle(std::size_t box, const Receipt& receipt) {
  std::erase_if(owed_, [&](const Owed& owed) {
    return owed.box == box && owed.lane == receipt.lane_id.str() && owed.opened_ms >= receipt.authorised_mono_ms;
  });
}

void Oracle::wrote_sealed(std::size_t box, const Receipt& receipt, const Now& now) {
  if (sealed_[box].contains(receipt.receipt_id)) violate("S5: a receipt was sealed twice");
  const auto open = open_[box].find(receipt.receipt_id);
  if (open == open_[box].end()) settle(box, receipt);
  SealedReceipt sealed{.session = {}, .used = receipt.passages, .unknown_lane = {}, .at = now.mono};
  // What was not used is free again (§4), to be repeated as well.
  sealed.repeated = receipt.flags.has(Flag::kAfterRestart) && receipt.outcome != Outcome::kNotUsed;
  if (open != open_[box].end()) {
    judge_reassigned(box, receipt, open->second, now.mono);
    sealed.session = open->second.session;
  }
  if (open == open_[box].end()) sealed.session = session_of(receipt);
  if (receipt.kind != ReceiptKind::kCart && receipt.kind != ReceiptKind::kWalkout) sealed.session.reset();
  if (receipt.flags.has(Flag::kTailgate)) sealed.used = std::min(sealed.used, 1U);
  if (receipt.outcome == Outcome::kUnknown) {
    sealed.used = receipt.party_size.value_or(1);
    sealed.unknown_lane = receipt.lane_id.str();
  }
  sealed_[box][receipt.receipt_id] = std::move(sealed);
  if (open != open_[box].end()) open_[box].erase(open);
  sealed_now_.push_back(receipt.lane_id.str());
  // On what nobody left is no exit of the hour; a total that was named later is what it counts.
  std::erase_if(offline_[box], [&](OfflineExit& exit) {
    const bool same = exit.receipt_id == receipt.receipt_id;
    if (same && receipt.total) exit.amount_minor = receipt.total->amount_minor;
    // Nor is it where somebody else went out, unauthorised, and who was let out stands there still.
    return same && (receipt.outcome == Outcome::kNotUsed || receipt.kind == ReceiptKind::kUnauthorised);
  });
  if (receipt.outcome == Outcome::kPassed && receipt.passages == 0) violate("S5: passed without a passage");
  if (receipt.outcome == Outcome::kNotUsed && receipt.passages > 0) violate("S5: not used with a passage");
}

void Oracle::judge_durable(std::size_t box, std::size_t lane, MonoTime now) {
  const OpenReceipt* newest = nullptr;
  for (const auto& [id, open] : open_[box]) {
    if (open.lane == std::to_string(lane + 1) && (newest == nullptr || open.since > newest->since)) newest = &open;
  }
  // Somebody in the way of a barrier that closes is waited for by nobody; an eye that can't be read counts as blocked.
  const auto& truth = lanes_[box][lane];
  if (now - truth.read_at >= kStale) return;
  if (newest == nullptr || !newest->shopper || newest->durable || truth.safety || truth.overridden) return;
  if (now - newest->since < kDurableIn) violate("S5: " + place(box, lane) + " opened before its receipt was durable");
}

void Oracle::step_is_over(std::size_t box, MonoTime now) {
  for (const auto& [where, lane] : opened_) {
    ++openings_;
    judge_durable(where, lane, now);
    const auto name = std::to_string(lane + 1);
    const bool has = std::any_of(open_[where].begin(), open_[where].end(),
                                 [&](const auto& entry) { return entry.second.lane == name; });
    const bool just_sealed = std::find(sealed_now_.begin(), sealed_now_.end(), name) != sealed_now_.end();
    if (has || just_sealed) continue;
    if (disk_refuses_[where]) {
      owed_.push_back({where, name, to_ms(now.time_since_epoch())});
    } else {
      violate("S5: " + place(where, lane) + " opened without a receipt");
    }
  }
  opened_.clear();
  sealed_now_.clear();
  for (auto& lane : people_[box]) lane.step_is_over(now);
  // What was kept in memory is written within the step that hears of the disk.
  if (disk_refuses_[box]) late_[box].back().to = now + kRetried;
  for (std::size_t i = 0; i < lanes_[box].size(); ++i) {
    const auto& truth = lanes_[box][i];
    if (!truth.reachable || !truth.known || !truth.told_closed) continue;
    if (truth.alarm) violate("S2: the alarm stands and " + place(box, i) + " is commanded closed");
    if (!truth.pulse && truth.safety && truth.position > 0 && truth.said_closed_until < now) {
      violate("S8: " + place(box, i) + " goes on closing on somebody");
    }
  }
}

void Oracle::offline_durable(std::size_t box, const Uuid& receipt) {
  for (auto& exit : offline_[box]) exit.durable = exit.durable || exit.receipt_id == receipt;
}

void Oracle::committed(std::size_t box, const Uuid& sealed) {
  durable_.emplace_back(box, sealed);
  committed_.insert(sealed);
  offline_durable(box, sealed);
}

void Oracle::open_durable(std::size_t box, const Uuid& open) {
  const auto found = open_[box].find(open);
  if (found != open_[box].end()) found->second.durable = true;
  offline_durable(box, open);
}

void Oracle::box_died(std::size_t box, MonoTime unsafe_since, MonoTime radio_unsafe_since, MonoTime now) {
  kept_until_[box] = unsafe_since;
  for (const auto& [id, open] : open_[box]) {
    if (open.session) open_at_death_[box].insert(*open.session);
  }
  open_[box].clear();
  opened_.clear();
  sealed_now_.clear();
  // What was sealed and not yet on the disk is open again.
  std::erase_if(sealed_[box], [&](const auto& entry) { return !committed_.contains(entry.first); });
  for (auto& [id, heard] : heard_[box]) heard.outlive(unsafe_since);
  for (auto& lane : lanes_[box]) {
    lane.known = false;
    lane.alarm = false;
    // An alarm, a hold and their ends outlive a restart (§2) once they are on the disk.
    lane.awaits_told = lane.awaits_at >= unsafe_since;
    lane.held_told = lane.held_at >= unsafe_since;
  }
  for (auto& lane : people_[box]) lane.box_died();
  wire_bad_[box].push_back({now, now});
  marks_lost_[box].push_back({radio_unsafe_since - kMarksDurable, now});
  disk_refuses_[box] = false;
  // What the disk never took is lost with the process.
  std::erase_if(offline_[box], [](const OfflineExit& exit) { return !exit.durable; });
  std::erase_if(owed_, [box](const Owed& owed) { return owed.box == box; });
}

void Oracle::box_started(std::size_t box, bool clock_right, MonoTime now) {
  // One that never heard its backend counts from its start.
  if (heard_at_[box] == MonoTime{}) heard_at_[box] = now;
  const bool told = clock_right && clock_ahead_until_[box] < heard_at_[box];
  if (!told && kept_until_[box] != MonoTime{}) untold_[box] += now - kept_until_[box] + kOutageKept;
}

void Oracle::lane_found(std::size_t box, std::size_t lane, const LaneDurable& found) {
  auto& truth = lanes_[box][lane];
  if (std::exchange(truth.awaits_told, false)) truth.awaits_reset = found.released;
  if (std::exchange(truth.held_told, false)) truth.held = found.held_open;
}

}  // namespace exitgate::sim
