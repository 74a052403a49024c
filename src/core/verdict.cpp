#include "core/verdict.hpp"

namespace exitgate {
namespace {

VerdictRefuse shown(RefuseReason reason) {
  switch (reason) {
    case RefuseReason::kSessionOpen:
      return {ShownReason::kFinishOnCart, "session_open"};
    case RefuseReason::kPaymentFailed:
      return {ShownReason::kPaymentFailed, "payment_failed"};
    case RefuseReason::kAlreadyUsed:
      return {ShownReason::kAlreadyUsed, "already_used"};
    case RefuseReason::kUnknownSession:
      return {ShownReason::kSeeStaff, "unknown_session"};
    case RefuseReason::kInspection:
      break;
  }
  return {ShownReason::kSeeStaff, "inspection"};
}

SessionName name_of(const Evidence& evidence, const std::optional<Uuid>& session_id) {
  SessionName name{.session_id = session_id, .cart_id = evidence.cart, .session_tag = {}};
  if (evidence.cart) name.session_tag = evidence.tag;
  return name;
}

/// What stands against a session however good its evidence: spent here, revoked, or claimed by another gate.
std::optional<VerdictRefuse> barred(const Evidence& evidence, const std::optional<Uuid>& session_id,
                                    bool backend_says_so_now, const SessionBook& book, const Now& now, Flags& flags) {
  const auto name = name_of(evidence, session_id);
  if (!book.may_admit(name)) {
    if (!book.repeatable_after_restart(name, evidence.lane, now))
      return VerdictRefuse{ShownReason::kAlreadyUsed, "used_here", true};
    flags.add(Flag::kAfterRestart);
  }
  if (book.revoked(name, now)) return VerdictRefuse{ShownReason::kSeeStaff, "revoked", true};
  if (!backend_says_so_now && book.claimed_elsewhere(session_id, now)) {
    // That it was given back may have got lost with the stream: the backend is asked at once.
    return VerdictRefuse{ShownReason::kAlreadyUsed, "claimed_by_another_gate"};
  }
  return std::nullopt;
}

Verdict admit(const Evidence& evidence, Basis basis, const SessionTerms& terms, const SessionBook& book, const Now& now,
              Flags flags = {}) {
  if (const auto no = barred(evidence, terms.session_id, basis == Basis::kConfirmed, book, now, flags)) return *no;
  return VerdictAdmit{.basis = basis, .terms = terms, .flags = flags, .expected = {}, .pass = {}};
}

Verdict admit_by_pass(const Evidence& evidence, const PassHeard& pass, const SessionBook& book, const Now& now,
                      Flags flags) {
  auto verdict =
      admit(evidence, Basis::kSignedPass,
            {pass.session_id, pass.party_size, pass.total, pass.closed_at, pass.expires_at}, book, now, flags);
  if (auto* yes = std::get_if<VerdictAdmit>(&verdict)) yes->pass = pass.raw;
  return verdict;
}

/// The refusal that stands: of this presence's question, or one known of the session from before. A later closure has
/// ended it, so has a pass the backend signed after it was asked.
std::optional<RefuseReason> refused(const Evidence& evidence, const Refuse* answer, const PassHeard* pass,
                                    const SessionBook& book) {
  if (!evidence.cart) return answer != nullptr ? std::optional(answer->reason) : std::nullopt;
  if (evidence.answer != nullptr && std::holds_alternative<Admit>(*evidence.answer)) return std::nullopt;
  const auto* known = book.refusal(*evidence.cart, evidence.tag);
  if (known == nullptr) return std::nullopt;
  if (pass != nullptr && pass->closed_at > known->asked_wall) return std::nullopt;
  return known->reason;
}

/// No answer is to be waited for: what the box knows itself decides.
Verdict decide_locally(const Evidence& evidence, const PassHeard* pass, const SessionBook& book,
                       const OfflinePolicy& policy, const Now& now) {
  if (evidence.conflicting) return VerdictRefuse{ShownReason::kSeeStaff, "beacon_conflict"};
  if (pass != nullptr) return admit_by_pass(evidence, *pass, book, now, {});
  // Known-bad never degrades to unknown: not with the evidence that named the session, nor where nobody is let out by
  // policy.
  if (evidence.cart) {
    Flags none;
    const auto known = book.session_of(*evidence.cart, evidence.tag);
    if (const auto no = barred(evidence, known, false, book, now, none)) return *no;
  }
  if (!policy.admits(evidence.cart.has_value(), evidence.mode, std::nullopt, now)) {
    return VerdictRefuse{ShownReason::kSeeStaff, "no_evidence_offline"};
  }
  const SessionTerms terms{.session_id = {},
                           .party_size = 1,
                           .total = {},
                           .closed_at = {},
                           .expires_at = now.judging + std::chrono::hours{24}};
  return admit(evidence, Basis::kOfflinePolicy, terms, book, now);
}

}  // namespace

Verdict decide(const Evidence& evidence, const SessionBook& book, const OfflinePolicy& policy, const Now& now) {
  const bool cart = evidence.cart.has_value();
  Flags none;
  if (cart) {
    if (const auto no = barred(evidence, std::nullopt, true, book, now, none)) return *no;
  }
  const auto* pass = cart && evidence.signed_passes ? book.pass(*evidence.cart, evidence.tag, now) : nullptr;
  const auto* refusal = evidence.answer != nullptr ? std::get_if<Refuse>(evidence.answer) : nullptr;
  const bool no_answer = evidence.answer != nullptr && std::holds_alternative<NoAnswer>(*evidence.answer);
  const bool waiting =
      evidence.answer == nullptr && evidence.backend_online && !evidence.timed_out;  // an answer may still come
  if (const auto reason = refused(evidence, refusal, pass, book)) {
    if (refusal == nullptr && waiting) return VerdictWait{};
    if (*reason != RefuseReason::kUnknownSession || pass == nullptr || evidence.conflicting) return shown(*reason);
    Flags flags;
    flags.add(Flag::kBackendUnaware);
    return admit_by_pass(evidence, *pass, book, now, flags);
  }
  const auto* yes = evidence.answer != nullptr ? std::get_if<Admit>(evidence.answer) : nullptr;
  if (cart && !evidence.conflicting) {
    const auto closure = book.closure(*evidence.cart, evidence.tag, now);
    // Another gate's claim stands above the closure, not above what the backend says of whoever stands here.
    const bool overtaken = yes != nullptr && closure && book.claimed_elsewhere(closure->session_id, now);
    if (closure && !overtaken) return admit(evidence, Basis::kPrefetched, *closure, book, now);
  }
  if (!cart && evidence.expected) {
    const auto& entry = *evidence.expected;
    auto verdict = admit(evidence, Basis::kPrefetched,
                         {entry.session_id, entry.party_size, std::nullopt, std::nullopt, entry.expires_at}, book, now);
    if (auto* admitted = std::get_if<VerdictAdmit>(&verdict)) admitted->expected = entry;
    return verdict;
  }
  if (yes != nullptr) {
    if (yes->expires_at < now.judging) return VerdictRefuse{ShownReason::kSeeStaff, "expired"};
    return admit(evidence, Basis::kConfirmed,
                 {yes->session_id, yes->party_size, yes->total, yes->closed_at, yes->expires_at}, book, now);
  }
  if (cart) {
    const auto ahead = book.ahead(*evidence.cart, evidence.tag, now);
    // It may have been given before another gate's claim, and have come after it.
    if (ahead && !book.claimed_elsewhere(ahead->session_id, now))
      return admit(evidence, Basis::kConfirmed, *ahead, book, now);
  }
  if (evidence.backend_online && !evidence.timed_out && !no_answer) return VerdictWait{};
  return decide_locally(evidence, pass, book, policy, now);
}

}  // namespace exitgate
