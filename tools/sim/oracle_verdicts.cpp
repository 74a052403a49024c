// Whether whoever is let out may be: who stands there, what the box was told of the session, how often it was used.
#include <algorithm>
#include <utility>

#include "tools/sim/oracle.hpp"

namespace exitgate::sim {
namespace {

/// What is given as blocked is debounced for 20 ms before it is clear.
constexpr Duration kDebounced = milliseconds{25};
/// An answer fetched ahead is good for 30 s (§4).
constexpr Duration kAheadKept = std::chrono::seconds{30};
/// One at `present` as long as the shopper stands there, which nobody does for longer.
constexpr Duration kAnswerKept = std::chrono::seconds{90};
/// A cart is near for 2 s after its last frame, and bound for 10 s more.
constexpr Duration kBoundInSilence = std::chrono::seconds{12};
/// A walkout is expected for 10 s (§4); then its receipt is written.
constexpr Duration kExpectedFor = milliseconds{10200};
constexpr Duration kRepeatedFor = std::chrono::seconds{120};

/// Who repeats the exit that ended `unknown` has been counted with it: also where that one was let out by the policy,
/// as one person, and a closure has said since that the party is larger.
std::uint32_t without_repetition(std::uint32_t used, bool repeated) { return repeated && used > 0 ? used - 1 : used; }

}  // namespace

void Oracle::heard(std::size_t box, const StreamEvent& event, MonoTime now) {
  heard_at_[box] = now;
  untold_[box] = {};
  auto about = [&](const Uuid& session) -> Heard& { return heard_[box][session]; };
  if (const auto* closed = std::get_if<Closure>(&event)) {
    auto& heard = about(closed->session_id);
    heard.closed = true;
    heard.closed_at = now;
    heard.named = true;
    heard.revoked = false;
    heard.revoked_tag = false;
    heard.refused.reset();
  }
  if (const auto* expected = std::get_if<ExpectedWalkout>(&event))
    about(expected->session_id).expected_at[expected->lane_id.str()] = now;
  if (const auto* revoked = std::get_if<Revocation>(&event)) {
    const auto* session = revoked->session_id ? store_->find(*revoked->session_id) : nullptr;
    if (session == nullptr && revoked->session_tag) session = store_->find(*revoked->session_tag);
    if (session != nullptr) {
      auto& heard = about(session->id);
      heard.revoked = true;
      heard.revoked_tag = heard.revoked_tag || revoked->session_tag;
      heard.revoked_at = now;
    }
  }
  if (const auto* claimed = std::get_if<Claimed>(&event)) {
    if (claimed->gate_id.str() != gate_name(box)) {
      about(claimed->session_id).claimed_by = claimed->gate_id.str();
      about(claimed->session_id).claimed_at = now;
    }
  }
  if (const auto* unclaimed = std::get_if<Unclaimed>(&event)) {
    about(unclaimed->session_id).claimed_by.clear();
    for (auto& [id, heard] : heard_[box]) {
      if (heard.refused == RefuseReason::kAlreadyUsed) heard.refused.reset();
    }
  }
  if (std::holds_alternative<Reset>(event)) {
    for (auto& [id, heard] : heard_[box]) {
      if (std::exchange(heard.closed, false)) heard.dropped_at = now;
      heard.named = heard.named && (heard.revoked || !heard.claimed_by.empty());
    }
  }
}

void Oracle::answered(std::size_t box, const ConfirmRequest& request, MonoTime asked, const ConfirmAnswer& answer,
                      MonoTime now) {
  if (!std::holds_alternative<NoAnswer>(answer)) {
    heard_at_[box] = now;
    untold_[box] = {};
  }
  if (const auto* admit = std::get_if<Admit>(&answer)) {
    auto& heard = heard_[box][admit->session_id];
    (request.stage == Stage::kAhead ? heard.admitted_ahead_at : heard.admitted_at) = now;
    heard.refused.reset();
  }
  const auto* refuse = std::get_if<Refuse>(&answer);
  if (refuse == nullptr || request.stage == Stage::kAhead || !request.cart_id || !request.session_tag) return;
  const auto* session = store_->find(*request.cart_id, *request.session_tag);
  if (session == nullptr) return;
  auto& heard = heard_[box][session->id];
  if (heard.closed_at > asked) return;  // a refusal beats what was known when it was asked
  heard.refused = refuse->reason;
  heard.refused_asked = asked;
}

void Oracle::Heard::outlive(MonoTime unsafe_since) {
  // Answers and passes are the running process's own; the contract makes closures, claims and revocations durable.
  refused.reset();
  admitted_at.reset();
  admitted_ahead_at.reset();
  // What the disk had not taken is told again, since the cursor was not taken either.
  named = closed && closed_at < unsafe_since;
  if (revoked_at >= unsafe_since) revoked = revoked_tag = false;
  if (claimed_at >= unsafe_since) claimed_by.clear();
  if (dropped_at >= unsafe_since) closed = true;
}

void Oracle::Heard::forget_before(MonoTime clock_ahead_until) {
  // Kept 24 h by the clock (backend contract): one that was a day ahead has ended it.
  if (revoked_at < clock_ahead_until) revoked = revoked_tag = false;
  if (claimed_at < clock_ahead_until) claimed_by.clear();
}

void Oracle::pass_given(std::size_t box, const Uuid& session, WallTime expires_at) {
  heard_[box][session].pass_until = expires_at;
  heard_[box][session].named = true;
}

void Oracle::judge_new(std::size_t box, std::size_t lane, const Receipt& receipt, const Now& now) {
  const auto& truth = lanes_[box][lane];
  const auto where = place(box, lane);
  if (receipt.kind == ReceiptKind::kReleased && !truth.awaits_reset && !truth.reset_perhaps && !truth.alarm_input)
    violate("S2: " + where + " is released without an alarm");
  const bool held = truth.held || truth.key;
  if (receipt.kind == ReceiptKind::kStaff && now.mono - truth.staff_at > std::chrono::seconds{1} && !held)
    violate("S3: " + where + " opens for staff who commanded nothing");
  if (receipt.kind == ReceiptKind::kFault && untroubled(box, lane, now.mono) && truth.position <= 0)
    violate("S3: " + where + " opens for a fault that nobody knows of");
  if (receipt.kind != ReceiptKind::kCart && receipt.kind != ReceiptKind::kWalkout) return;
  const Session* session = receipt.session_id ? store_->find(*receipt.session_id) : nullptr;
  if (session == nullptr && receipt.cart_id) session = store_->find(*receipt.cart_id, *receipt.session_tag);
  judge_presence(box, truth, receipt, session, now);
  if (receipt.basis == Basis::kOfflinePolicy) judge_offline(box, lane, receipt, now);
  if (session == nullptr) {
    if (receipt.basis != Basis::kOfflinePolicy) violate("S3: " + where + " admits a session the store never had");
    return;
  }
  judge_evidence(box, *session, receipt, now);
  judge_single_use(box, *session, receipt, now);
  judge_store_use(box, *session, receipt, now.mono);
}

/// A frame replayed after the death that lost its cart's mark is not known as one until the cart is heard anew; forged,
/// foreign and stale ones are known without a mark.
bool Oracle::mark_lost(std::size_t box, const LaneTruth& truth) const {
  const auto& lost = marks_lost_[box];
  return truth.marked_at && std::any_of(lost.begin(), lost.end(), [&](const LanePeople::Stretch& stretch) {
           return stretch.from <= *truth.marked_at && *truth.marked_at <= stretch.to;
         });
}

void Oracle::judge_presence(std::size_t box, const LaneTruth& truth, const Receipt& receipt, const Session* session,
                            const Now& now) {
  const std::string where = "box " + std::to_string(box + 1) + " lane " + receipt.lane_id.str();
  if (!truth.approach && now.mono - truth.approach_at > kDebounced)
    violate("S3: " + where + " admits somebody with nobody at the approach");
  if (receipt.cart_id && receipt.cart_id == truth.imitated) {
    if (!mark_lost(box, truth)) violate("S3: " + where + " admits a cart that is only imitated");
    return;
  }
  // A cart is bound as it was heard when its shopper came, and stays so while the same presence lasts.
  if (!truth.somebody || !radio_calm(box, truth.came_at)) return;
  const bool own = receipt.cart_id == truth.cart || (truth.parked && receipt.cart_id == truth.parked);
  // Lanes that share a receiver are told apart by `approach` alone (§3): a cart heard there may be either's.
  bool either = false;
  const auto heard =
      receipt.cart_id ? carts_heard_[box].find({truth.receiver, *receipt.cart_id}) : carts_heard_[box].end();
  if (heard != carts_heard_[box].end()) {
    const auto silence = now.mono - heard->second;
    either = truth.shares && silence <= kAnswerKept;
    // Behind an eye that has not cleared since, who stands there is taken for its shopper for a while.
    either = either || (truth.left_at < heard->second && silence <= kBoundInSilence);
  }
  if (receipt.cart_id && !own && !either) violate("S3: " + where + " admits a cart that is elsewhere");
  if (receipt.cart_id || receipt.basis != Basis::kConfirmed || truth.cart) return;
  if (session != nullptr && truth.standing != session->id)
    violate("S3: " + where + " admits by the answer about another shopper");
}

void Oracle::judge_known_bad(const Heard& heard, const Session& session, const Receipt& receipt,
                             const std::string& where, MonoTime now) {
  // By the offline policy a cart goes out whose session's id the box may never have been told: not by a closure, a
  // pass, or an answer fetched ahead that is still good. What names the session by its tag needs no id.
  const bool ahead = heard.admitted_ahead_at && now - *heard.admitted_ahead_at <= kAheadKept;
  const bool known = receipt.session_id || heard.named || ahead;
  if (heard.revoked && (known || heard.revoked_tag))
    violate("S3: " + where + " admits a session it was told is revoked");
  // The backend's answer to a question of this presence knows of every claim; one fetched ahead does not.
  if (receipt.basis == Basis::kConfirmed && heard.admitted_at && now - *heard.admitted_at <= kAnswerKept) return;
  if (known && !heard.claimed_by.empty())
    violate("S4: " + where + " admits by its own evidence a session that " + heard.claimed_by + " has claimed");
  if (!heard.refused) return;
  const bool pass = receipt.basis == Basis::kSignedPass;
  if (pass && (heard.refused == RefuseReason::kUnknownSession || session.paid_at > heard.refused_asked)) return;
  violate("S3: " + where + " admits a session that was refused to it");
}

void Oracle::judge_evidence(std::size_t box, const Session& session, const Receipt& receipt, const Now& now) {
  const std::string where = "box " + std::to_string(box + 1) + " lane " + receipt.lane_id.str();
  auto heard = heard_[box][session.id];
  heard.forget_before(clock_ahead_until_[box]);
  judge_known_bad(heard, session, receipt, where, now.mono);
  if (receipt.basis == Basis::kOfflinePolicy) return;
  if (!session.paid) violate("S3: " + where + " admits an unpaid session");
  // A pass names whole seconds, and is valid in the last.
  const bool by_pass = receipt.basis == Basis::kSignedPass;
  const bool expired = by_pass ? unix_s(session.expires_at) < unix_s(now.judging) : session.expires_at < now.judging;
  if (expired) violate("S3: " + where + " admits an expired session");
  if (receipt.basis == Basis::kPrefetched && !heard.closed) {
    // For 10 s after the later of its `at` and its arrival: by a clock that was set meanwhile nobody can tell.
    const auto expected = heard.expected_at.find(receipt.lane_id.str());
    if (expected == heard.expected_at.end())
      violate("S3: " + where + " admits by a closure it was never told of");
    else if (now.mono - expected->second > kExpectedFor && clock_stepped_at_[box] == MonoTime{})
      violate("S3: " + where + " admits a walkout that was expected too long ago");
  }
  const bool answer = (heard.admitted_at && now.mono - *heard.admitted_at <= kAnswerKept) ||
                      (heard.admitted_ahead_at && now.mono - *heard.admitted_ahead_at <= kAheadKept);
  if (receipt.basis == Basis::kConfirmed && !answer) violate("S3: " + where + " admits by an answer that never came");
  const bool pass = heard.pass_until && unix_s(*heard.pass_until) >= unix_s(now.judging);
  if (by_pass && !pass) violate("S3: " + where + " admits by a pass that is not valid");
}

void Oracle::judge_single_use(std::size_t box, const Session& session, const Receipt& receipt, const Now& now) {
  std::uint32_t used = 1;  // this one
  int unknown_here = 0;
  int repeated = 0;
  for (const auto& [id, sealed] : sealed_[box]) {
    if (sealed.session != session.id) continue;
    if (sealed.at < clock_ahead_until_[box]) {
      forgotten_.insert(session.id);
      continue;
    }
    if (sealed.unknown_lane == receipt.lane_id.str() && now.mono - sealed.at <= kRepeatedFor) ++unknown_here;
    repeated += sealed.repeated ? 1 : 0;
    used += without_repetition(sealed.used, sealed.repeated);
  }
  for (const auto& [id, open] : open_[box]) {
    if (id == receipt.receipt_id || open.session != session.id) continue;
    repeated += open.repeated ? 1 : 0;
    used += without_repetition(std::max(1U, open.passages), open.repeated);
  }
  if (used <= session.party) return;
  // What ended `unknown` at the restart may be repeated at its lane, once.
  if (receipt.flags.has(Flag::kAfterRestart) && repeated < unknown_here) return;
  violate("S4: box " + std::to_string(box + 1) + " lane " + receipt.lane_id.str() + " admits number " +
          std::to_string(used) + " of a party of " + std::to_string(session.party));
}

void Oracle::judge_offline(std::size_t box, std::size_t lane, const Receipt& receipt, const Now& now) {
  const std::string where = "box " + std::to_string(box + 1) + " lane " + receipt.lane_id.str();
  if (backend_bad_until_[box] < now.mono)
    violate("S3: " + where + " admits by the offline policy while the backend answers");
  auto& exits = offline_[box];
  const auto& limits = limits_[box];
  // By a clock that ran a day ahead the hour is over, which is what a restart goes by; and by stamps in milliseconds.
  const auto begun = std::max(now.mono - std::chrono::hours{1} + milliseconds{1}, clock_ahead_until_[box]);
  while (!exits.empty() && exits.front().at < begun) exits.pop_front();
  exits.push_back(
      {now.mono, receipt.total ? receipt.total->amount_minor : limits.assumed_total_minor, receipt.receipt_id});
  std::int64_t sum = 0;
  for (const auto& exit : exits) sum += exit.amount_minor;
  if (static_cast<int>(exits.size()) > limits.max_exits_per_hour || sum > limits.max_total_minor)
    violate("S3: " + where + " admits more by the offline policy than its limits allow: " +
            std::to_string(exits.size()) + " exits, " + std::to_string(sum) + " minor units in the hour");
  const auto outage = now.mono - heard_at_[box] - untold_[box];
  if (outage > std::chrono::minutes{limits.max_outage_minutes} + std::chrono::seconds{1})
    violate("S3: " + where + " admits by the offline policy in an outage too old for it");
  const bool cart = receipt.kind == ReceiptKind::kCart;
  const bool mixed = lanes_[box][lane].mode == LaneMode::kMixed;
  if ((cart && !limits.admit_carts) || (!cart && !limits.admit_walkouts) ||
      (!cart && mixed && !limits.admit_mixed_walkouts))
    violate("S3: " + where + " admits by a policy the store does not have");
}

}  // namespace exitgate::sim
