#include "core/session_book.hpp"

#include <algorithm>

namespace exitgate {
namespace {

/// A claim names no end of its own; it can't outlive every session it may be of.
constexpr std::chrono::hours kClaimKept{24};
constexpr Duration kAskAheadEvery = std::chrono::seconds{5};
/// Closures at a time: a step stays short, also when a whole day's end in the same second.
constexpr std::size_t kTidiedAtMost = 5000;

}  // namespace

void SessionBook::load(const LoadedState& state, const Now& now) {
  salvaged_at_ = state.salvaged_at;
  for (const auto& closure : state.closures) closures_.put(closure, now.mono);
  for (const auto& kept : state.revocations) {
    if (kept.revocation.session_id) revoked_ids_.put(*kept.revocation.session_id, {}, kept.kept_until);
    if (kept.revocation.session_tag) revoked_tags_.put(*kept.revocation.session_tag, {}, kept.kept_until);
  }
  for (const auto& claim : state.claims) claims_.put(claim.session_id, claim.gate_id, claim.kept_until);
  for (const auto& entry : state.expected) load_expected(entry, now);
  for (const auto& entry : state.ledger) {
    rows_.push_back(Row{.entry = entry});
    index_row(rows_.size() - 1);
  }
}

void SessionBook::on_closed(const Closure& closure, const Now& now, Writes& writes) {
  const CartTag key{closure.cart_id, closure.session_tag};
  if (const auto* old = closures_.find(key)) drop_closure(*old, writes);
  closures_.put(closure, now.mono);
  writes.emplace_back(PutClosure{closure});
  // Known-bad is overtaken by a later closure.
  const bool by_id = revoked_ids_.erase(closure.session_id);
  const bool by_tag = revoked_tags_.erase(closure.session_tag);
  const auto end = [&](std::optional<Uuid> id, std::optional<SessionTag> tag) {
    writes.emplace_back(PutRevocation{{.session_id = id, .session_tag = tag}, WallTime{}});
  };
  if (by_id) end(closure.session_id, {});
  if (by_tag) end({}, closure.session_tag);
  // An older database may hold both names in one row.
  if (by_id && by_tag) end(closure.session_id, closure.session_tag);
  while (closures_.size() > ClosureCache::kMost) drop_closure(*closures_.soonest(), writes);
}

void SessionBook::drop_closure(const ClosureCache::Known& known, Writes& writes) {
  const Closure closure = known.closure;
  closures_.erase({closure.cart_id, closure.session_tag});
  // The row is the session's: where another cart's closure names it too, that one stays.
  const auto others = closures_.of_session(closure.session_id);
  if (others.empty()) writes.emplace_back(DropClosure{closure.session_id});
  if (!others.empty()) writes.emplace_back(PutClosure{closures_.find(others.front())->closure});
}

void SessionBook::on_revoked(const Revocation& revocation, const Now& now, Writes& writes) {
  const WallTime until = now.judging + kRevocationKept;
  // A row for each name: what ends one of them later must find it.
  if (revocation.session_tag) {
    writes.emplace_back(PutRevocation{{.session_id = {}, .session_tag = revocation.session_tag}, until});
    revoke_tag(*revocation.session_tag, until, writes);
  }
  if (!revocation.session_id) return;
  writes.emplace_back(PutRevocation{{.session_id = revocation.session_id, .session_tag = {}}, until});
  // One that had to make room ends now.
  if (const auto gone = revoked_ids_.put(*revocation.session_id, {}, until))
    writes.emplace_back(PutRevocation{{.session_id = *gone, .session_tag = {}}, WallTime{}});
  // Its cart says the tag only, and what tells that they are one may be gone before the revocation is.
  for (const auto& [cart, tag] : names_of(*revocation.session_id)) {
    if (tag == revocation.session_tag) continue;
    writes.emplace_back(PutRevocation{{.session_id = {}, .session_tag = tag}, until});
    revoke_tag(tag, until, writes);
  }
}

void SessionBook::revoke_tag(const SessionTag& tag, WallTime until, Writes& writes) {
  if (const auto gone = revoked_tags_.put(tag, {}, until))
    writes.emplace_back(PutRevocation{{.session_id = {}, .session_tag = *gone}, WallTime{}});
}

void SessionBook::on_claimed(const Claimed& claim, ShortId own_gate, const Now& now, Writes& writes) {
  if (claim.gate_id == own_gate) return;
  for (const auto& name : names_of(claim.session_id)) {
    if (claimed_names_.size() < kMaxClaimedNames) claimed_names_[name] = claim.session_id;
  }
  // An answer fetched ahead was true when it was given.
  std::erase_if(ahead_, [&](const auto& kept) {
    return kept.second.answer && kept.second.answer->session_id == claim.session_id;
  });
  const WallTime until = now.judging + kClaimKept;
  writes.emplace_back(PutClaim{claim.session_id, claim.gate_id, until});
  if (const auto gone = claims_.put(claim.session_id, claim.gate_id, until)) writes.emplace_back(DropClaim{*gone});
}

void SessionBook::on_unclaimed(const Unclaimed& claim, Writes& writes) {
  if (claims_.erase(claim.session_id)) writes.emplace_back(DropClaim{claim.session_id});
  // What was refused for another gate's claim may be good now; which cart's it was is not told.
  std::erase_if(refusals_, [](const auto& kept) { return kept.second.reason == RefuseReason::kAlreadyUsed; });
}

void SessionBook::on_reset(Writes& writes) {
  for (const auto& [key, known] : closures_.entries()) {
    const auto& id = known.closure.session_id;
    if (claims_.find(id, WallTime{}) != nullptr) claimed_names_[key] = id;
  }
  closures_.clear();
  writes.emplace_back(DropAllClosures{});
}

std::optional<SessionTerms> SessionBook::closure(CartId cart, const SessionTag& tag, const Now& now) const {
  const auto* found = closures_.find({cart, tag});
  if (found == nullptr) return std::nullopt;
  const auto& closure = found->closure;
  if (closure.expires_at < now.judging) return std::nullopt;
  // Older than a database begun anew: what was used of it may have been lost with the old one.
  if (salvaged_at_ && closure.closed_at < *salvaged_at_) return std::nullopt;
  return SessionTerms{closure.session_id, closure.party_size, closure.total, closure.closed_at, closure.expires_at};
}

bool SessionBook::closed_since(CartId cart, const SessionTag& tag, MonoTime asked_at) const {
  const auto* found = closures_.find({cart, tag});
  return found != nullptr && found->arrived > asked_at;
}

bool SessionBook::revoked(const SessionName& name, const Now& now) const {
  if (name.session_id && revoked_ids_.find(*name.session_id, now.judging) != nullptr) return true;
  return name.session_tag && revoked_tags_.find(*name.session_tag, now.judging) != nullptr;
}

std::set<CartTag> SessionBook::names_of(const Uuid& session_id) const {
  const auto closed = closures_.of_session(session_id);
  std::set<CartTag> names(closed.begin(), closed.end());
  for (const auto& [key, kept] : ahead_) {
    if (kept.answer && kept.answer->session_id == session_id) names.insert(key);
  }
  for (const auto& [key, pass] : passes_) {
    if (pass.session_id == session_id) names.insert(key);
  }
  return names;
}

std::optional<Uuid> SessionBook::session_of(CartId cart, const SessionTag& tag) const {
  const CartTag key{cart, tag};
  if (const auto* found = closures_.find(key)) return found->closure.session_id;
  if (const auto found = claimed_names_.find(key); found != claimed_names_.end()) return found->second;
  if (const auto found = passes_.find(key); found != passes_.end()) return found->second.session_id;
  if (const auto found = ahead_.find(key); found != ahead_.end() && found->second.answer)
    return found->second.answer->session_id;
  return std::nullopt;
}

bool SessionBook::claimed_elsewhere(const std::optional<Uuid>& session_id, const Now& now) const {
  return session_id && claims_.find(*session_id, now.judging) != nullptr;
}

bool SessionBook::wants_ahead(CartId cart, const SessionTag& tag, const Now& now) const {
  const SessionName name{.session_id = {}, .cart_id = cart, .session_tag = tag};
  if (closure(cart, tag, now) || !may_admit(name) || revoked(name, now)) return false;
  const auto found = ahead_.find({cart, tag});
  if (found == ahead_.end()) return true;
  const bool good = found->second.answer && now.mono - found->second.at <= kAheadGoodFor;
  return !good && now.mono - found->second.asked_at > kAskAheadEvery;
}

void SessionBook::note_asked_ahead(CartId cart, const SessionTag& tag, const Now& now) {
  if (ahead_.size() >= kMaxAhead && !ahead_.contains({cart, tag})) {
    const auto oldest = std::min_element(ahead_.begin(), ahead_.end(), [](const auto& a, const auto& b) {
      return a.second.asked_at < b.second.asked_at;
    });
    ahead_.erase(oldest);
  }
  ahead_[{cart, tag}].asked_at = now.mono;
}

void SessionBook::keep_ahead(CartId cart, const SessionTag& tag, const Admit& answer, const Now& now) {
  const auto found = ahead_.find({cart, tag});
  if (found == ahead_.end()) return;  // asked too long ago
  found->second.answer = answer;
  found->second.at = now.mono;
}

std::optional<SessionTerms> SessionBook::ahead(CartId cart, const SessionTag& tag, const Now& now) const {
  const auto found = ahead_.find({cart, tag});
  if (found == ahead_.end() || !found->second.answer || now.mono - found->second.at > kAheadGoodFor)
    return std::nullopt;
  const auto& answer = *found->second.answer;
  if (answer.expires_at < now.judging) return std::nullopt;
  return SessionTerms{answer.session_id, answer.party_size, answer.total, answer.closed_at, answer.expires_at};
}

void SessionBook::keep_refusal(CartId cart, const SessionTag& tag, RefuseReason reason, MonoTime asked_at,
                               const Now& now) {
  const auto known = refusals_.find({cart, tag});
  if (known != refusals_.end() && known->second.asked_at > asked_at) return;
  if (refusals_.size() >= kMaxRefusals && !refusals_.contains({cart, tag})) {
    refusals_.erase(std::min_element(refusals_.begin(), refusals_.end(), [](const auto& a, const auto& b) {
      return a.second.asked_at < b.second.asked_at;
    }));
  }
  const auto ago = std::chrono::duration_cast<milliseconds>(now.mono - asked_at);
  refusals_[{cart, tag}] = {.reason = reason, .asked_at = asked_at, .asked_wall = now.judging - ago};
}

void SessionBook::end_refusal(CartId cart, const SessionTag& tag, MonoTime asked_at) {
  const auto known = refusals_.find({cart, tag});
  if (known != refusals_.end() && known->second.asked_at < asked_at) refusals_.erase(known);
}

const SessionBook::KnownRefusal* SessionBook::refusal(CartId cart, const SessionTag& tag) const {
  const auto found = refusals_.find({cart, tag});
  if (found == refusals_.end() || closed_since(cart, tag, found->second.asked_at)) return nullptr;
  return &found->second;
}

void SessionBook::keep_pass(const PassHeard& pass) {
  if (passes_.size() >= kMaxPasses && !passes_.contains({pass.cart_id, pass.session_tag})) {
    const auto soonest = std::min_element(passes_.begin(), passes_.end(), [](const auto& a, const auto& b) {
      return a.second.expires_at < b.second.expires_at;
    });
    passes_.erase(soonest);
  }
  passes_[{pass.cart_id, pass.session_tag}] = pass;
}

const PassHeard* SessionBook::pass(CartId cart, const SessionTag& tag, const Now& now) const {
  const auto found = passes_.find({cart, tag});
  if (found == passes_.end()) return nullptr;
  const auto& pass = found->second;
  // Valid in the last second it names.
  if (unix_s(now.judging) > unix_s(pass.expires_at)) return nullptr;
  if (salvaged_at_ && pass.closed_at < *salvaged_at_) return nullptr;
  return &pass;
}

void SessionBook::tidy(const Now& now, Writes& writes) {
  tidy_expected(now, writes);
  std::erase_if(expected_, [](const auto& lane) { return lane.second.empty(); });
  std::erase_if(refusals_, [&](const auto& kept) { return now.mono - kept.second.asked_at > kRevocationKept; });
  // What has expired admits nobody: the rest can wait for the next time.
  for (std::size_t dropped = 0; dropped < kTidiedAtMost; ++dropped) {
    const auto* soonest = closures_.soonest();
    if (soonest == nullptr || soonest->closure.expires_at >= now.judging) break;
    drop_closure(*soonest, writes);
  }
  revoked_ids_.drop_ended(now.judging);
  revoked_tags_.drop_ended(now.judging);
  claims_.drop_ended(now.judging);
  std::erase_if(ahead_, [&](const auto& kept) { return now.mono - kept.second.asked_at > 2 * kAheadGoodFor; });
  std::erase_if(passes_, [&](const auto& kept) { return unix_s(now.judging) > unix_s(kept.second.expires_at); });
  std::erase_if(claimed_names_, [&](const auto& name) { return claims_.find(name.second, now.judging) == nullptr; });
  tidy_ledger(now, writes);
}

}  // namespace exitgate
