// What the lane tells the backend of its openings, and what the backend's answers change (backend contract, "confirm").
#include <algorithm>

#include "core/lane.hpp"

namespace exitgate {
namespace {

SessionName named(const Admit& admit, const Question& question) {
  SessionName name{.session_id = admit.session_id, .cart_id = question.cart_id, .session_tag = {}};
  if (question.cart_id) name.session_tag = question.session_tag;
  return name;
}

}  // namespace

void Lane::send_admitted(Step step, const Authorisation& auth) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  const auto& receipt = auth.receipt;
  const auto id = gate.questions.add({.stage = Stage::kAdmitted,
                                      .lane = index_,
                                      .presence = auth.presence,
                                      .cart_id = receipt.cart_id,
                                      .session_tag = receipt.session_tag.value_or(SessionTag{}),
                                      .receipt_id = receipt.receipt_id,
                                      .asked_at = wake.mono()});
  if (!id) return;
  gate.out.emplace_back(Ask{*id, ConfirmRequest{.request_id = gate.ids->next(wake.now().wall),
                                                .lane_id = config_->id,
                                                .cart = receipt.kind == ReceiptKind::kCart,
                                                .observed_at = wake.now().wall,
                                                .stage = Stage::kAdmitted,
                                                .cart_id = receipt.cart_id,
                                                .session_tag = receipt.session_tag,
                                                .session_id = receipt.session_id}});
}

void Lane::send_lapsed(Step step, const SessionName& session) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  if (!session.session_id && !session.cart_id) return;
  // A notice without an answer: nothing waits for it.
  gate.out.emplace_back(Ask{0, ConfirmRequest{.request_id = gate.ids->next(wake.now().wall),
                                              .lane_id = config_->id,
                                              .cart = session.cart_id.has_value(),
                                              .observed_at = wake.now().wall,
                                              .stage = Stage::kLapsed,
                                              .cart_id = session.cart_id,
                                              .session_tag = session.session_tag,
                                              .session_id = session.session_id}});
}

void Lane::keep_claim(Step step, const SessionName& session, std::uint64_t presence) {
  auto& claims = step.gate.own_claims;
  const bool room = claims.size() < GateState::kMaxOwnClaims || claims.contains(*session.session_id);
  if (room) claims[*session.session_id] = {.session = session, .lane = index_, .presence = presence, .gone_since = {}};
  if (!room && !step.gate.book.in_use(session)) send_lapsed(step, session);
}

void Lane::on_answer(GateState& gate, const Question& question, const ConfirmAnswer& answer, Wake& wake) {
  const Step step{gate, wake};
  const auto* admit = std::get_if<Admit>(&answer);
  if (question.stage == Stage::kAhead) {
    // A refusal fetched ahead is never used.
    if (admit == nullptr) return;
    gate.book.keep_ahead(*question.cart_id, question.session_tag, *admit, wake.now());
    gate.book.end_refusal(*question.cart_id, question.session_tag, question.asked_at);
    return;
  }
  const auto* refuse = std::get_if<Refuse>(&answer);
  if (question.cart_id && refuse != nullptr)
    gate.book.keep_refusal(*question.cart_id, question.session_tag, refuse->reason, question.asked_at, wake.now());
  if (question.cart_id && admit != nullptr)
    gate.book.end_refusal(*question.cart_id, question.session_tag, question.asked_at);
  if (question.stage == Stage::kPresent && shopper_ && shopper_->presence == question.presence) {
    const bool refused = shopper_->answer && std::holds_alternative<Refuse>(*shopper_->answer);
    const bool nothing_new = std::holds_alternative<NoAnswer>(answer);
    if (nothing_new && shopper_->asked_at > question.asked_at) return;  // a newer one is out
    if (nothing_new && refused) return;                                 // known-bad never degrades to unknown
    if (refused && shopper_->answered_asked_at > question.asked_at) {
      // Answered late: what was said to the later question is what the backend says now.
      if (admit != nullptr) keep_claim(step, named(*admit, question), question.presence);
      return;
    }
    shopper_->answer = answer;
    shopper_->answered_asked_at = question.asked_at;
    shopper_->asked_at = std::max(shopper_->asked_at, question.asked_at);
    return;
  }
  const auto auth = std::find_if(auths_.begin(), auths_.end(), [&](const Authorisation& a) {
    return question.receipt_id ? a.receipt.receipt_id == *question.receipt_id : a.presence == question.presence;
  });
  const bool of_session =
      auth != auths_.end() && (auth->receipt.kind == ReceiptKind::kCart || auth->receipt.kind == ReceiptKind::kWalkout);
  if (of_session) {
    on_admitted_answer(step, *auth, question, answer);
    return;
  }
  if (admit == nullptr) return;
  if (auth != auths_.end() && auth->receipt.kind == ReceiptKind::kStaff) {
    auth->claimed = admit->session_id;  // for whom staff let out: given back if they turn back
    return;
  }
  // Whoever was let in meanwhile has left on it.
  if (!question.receipt_id) keep_claim(step, named(*admit, question), question.presence);
}

void Lane::on_admitted_answer(Step step, Authorisation& auth, const Question& question, const ConfirmAnswer& answer) {
  auto& gate = step.gate;
  auto& receipt = auth.receipt;
  if (std::holds_alternative<Refuse>(answer)) {
    if (auth.expected) {
      turn_unauthorised(step, auth, Flag::kExpectedMismatch);
      return;
    }
    receipt.flags.add(Flag::kLateRefusal);
    store_open(step, auth, false);
    return;
  }
  const auto* admit = std::get_if<Admit>(&answer);
  if (admit == nullptr) return;
  const bool other_session = receipt.session_id && *receipt.session_id != admit->session_id;
  if (other_session && !auth.expected) {
    // What opened stands. Asked again before that, the backend has claimed another session for the same shopper.
    if (question.stage == Stage::kPresent) keep_claim(step, named(*admit, question), question.presence);
    return;
  }
  const SessionName name{
      .session_id = admit->session_id, .cart_id = receipt.cart_id, .session_tag = receipt.session_tag};
  if (other_session && !gate.book.may_admit(name)) {
    // It names one whose party has left, or is leaving elsewhere: single use stands above what the backend says late.
    turn_unauthorised(step, auth, Flag::kExpectedMismatch);
    return;
  }
  // Let out by policy, and its party has left or is leaving elsewhere: whoever this is, they are none of it.
  if (!auth.entry && !gate.book.may_admit(name)) return;
  const Receipt receipt_before = receipt;
  std::optional<LedgerEntry> entry_before;
  if (auth.entry) entry_before = gate.book.entry(*auth.entry);
  std::vector<StoreWrite> writes;
  if (other_session) {
    // The backend knows better who it was: receipt and ledger move, the entry returns.
    gate.book.seal(*auth.entry, auth.counted, 0, writes);
    gate.book.return_expected(*auth.expected, step.wake.now(), writes);
    auth.expected.reset();
    auth.entry.reset();
    receipt.flags.add(Flag::kReassigned);
  }
  // The party is what the backend says, not what was assumed.
  auth.party = other_session ? admit->party_size : std::max(auth.party, admit->party_size);
  receipt.party_size = auth.party;
  if (auth.counted > auth.party) {
    // Counted while it was taken for a larger party: of this one, they followed somebody.
    auth.counted = auth.party;
    note_tailgate(step, receipt);
  }
  receipt.session_id = admit->session_id;
  if (!receipt.total || other_session) receipt.total = admit->total;
  const auto row = gate.book.entry_for(name, auth.party, admit->expires_at, *gate.ids, step.wake.now());
  if (!auth.entry) {
    auth.entry = row;
    gate.book.open(row);
    for (std::uint32_t i = 0; i < auth.counted; ++i) gate.book.count_passage(row, i == 0);
  }
  // Mostly it says what was known: then the disk is left alone.
  if (receipt == receipt_before && entry_before == gate.book.entry(*auth.entry)) return;
  writes.emplace_back(PutOpenReceipt{receipt});
  writes.emplace_back(PutLedger{gate.book.entry(*auth.entry)});
  gate.persist(std::move(writes));
}

}  // namespace exitgate
