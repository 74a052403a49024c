// Authorisations and their receipts: admitting, opening, sealing (lane contract §4, backend contract "Receipt").
#include <algorithm>

#include "core/lane.hpp"

namespace exitgate {

void Lane::describe(const Receipt& receipt, std::vector<std::pair<std::string_view, FieldValue>>& fields) {
  fields.emplace_back("receipt_id", to_string(receipt.receipt_id));
  fields.emplace_back("kind", std::string(to_string(receipt.kind)));
  if (receipt.basis) fields.emplace_back("basis", std::string(to_string(*receipt.basis)));
  if (receipt.outcome) fields.emplace_back("outcome", std::string(to_string(*receipt.outcome)));
  fields.emplace_back("passages", static_cast<std::int64_t>(receipt.passages));
}

Receipt Lane::new_receipt(Step step, ReceiptKind kind, std::optional<Basis> basis) {
  const Now& now = step.wake.now();
  Receipt receipt;
  receipt.receipt_id = step.gate.ids->next(now.wall);
  receipt.store_id = step.gate.config->store_id;
  receipt.gate_id = step.gate.config->gate_id;
  receipt.lane_id = config_->id;
  receipt.kind = kind;
  receipt.basis = basis;
  receipt.authorised_at = now.wall;
  receipt.clock_synchronised = now.synchronised;
  receipt.boot_id = step.gate.boot_id;
  receipt.authorised_mono_ms = now.boot_ms;
  return receipt;
}

Authorisation& Lane::authorise(Step step, Receipt receipt, std::optional<EntryIndex> entry, std::uint16_t party,
                               std::vector<StoreWrite> with) {
  auths_.push_back(Authorisation{.receipt = std::move(receipt), .entry = entry, .counted = 0, .party = party});
  ++authorisations_ever_;
  auto& auth = auths_.back();
  auth.since = step.wake.mono();
  auth.approach_cleared = !eyes_.approach_blocked();
  auth.safety_seen = eyes_.safety.readable && eyes_.safety.active;
  if (entry) step.gate.book.open(*entry);
  auth.ticket = store_open(step, auth, entry.has_value(), std::move(with));
  std::vector<std::pair<std::string_view, FieldValue>> fields{{"state", std::string("open")}};
  describe(auth.receipt, fields);
  step.gate.publish(PublicEventType::kReceipt, config_->id, step.wake.now(), std::move(fields));
  return auth;
}

Ticket Lane::store_open(Step step, const Authorisation& auth, bool with_ledger, std::vector<StoreWrite> with) {
  std::vector<StoreWrite> writes{PutOpenReceipt{auth.receipt}};
  std::move(with.begin(), with.end(), std::back_inserter(writes));
  if (with_ledger && auth.entry) writes.emplace_back(PutLedger{step.gate.book.entry(*auth.entry)});
  return step.gate.persist(std::move(writes));
}

void Lane::admit(Step step, const VerdictAdmit& verdict) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  const Now& now = wake.now();
  seal_complete(step);
  const auto shopper = *shopper_;
  const bool cart = shopper.cart.has_value();
  auto receipt = new_receipt(step, cart ? ReceiptKind::kCart : ReceiptKind::kWalkout, verdict.basis);
  receipt.session_id = verdict.terms.session_id;
  receipt.cart_id = shopper.cart;
  if (cart) receipt.session_tag = shopper.tag;
  receipt.party_size = verdict.terms.party_size;
  receipt.total = verdict.terms.total;
  receipt.flags = verdict.flags;
  receipt.pass = verdict.pass;
  std::optional<EntryIndex> entry;
  if (receipt.session_id || cart) {
    const bool repeat = gate.book.repeatable_after_restart(name_of(receipt), config_->id, now) &&
                        !gate.book.may_admit(name_of(receipt));
    const auto expires =
        verdict.terms.expires_at == WallTime{} ? now.judging + SessionBook::kUnknownExpiry : verdict.terms.expires_at;
    entry = gate.book.entry_for(name_of(receipt), verdict.terms.party_size, expires, *gate.ids, now);
    if (repeat) gate.book.repeat_after_restart(*entry);
  }
  if (verdict.basis == Basis::kOfflinePolicy) gate.policy.count(receipt.total, now);
  // In the transaction of the receipt: one commit to wait for, and no entry lost without its exit.
  SessionBook::Writes taken;
  if (verdict.expected) gate.book.take_expected(*verdict.expected, taken);
  const bool from_open = !std::holds_alternative<Closed>(phase_);
  auto& auth = authorise(step, std::move(receipt), entry, verdict.terms.party_size, std::move(taken));
  auth.shopper_since = shopper.since;
  auth.presence = shopper.presence;
  gate.questions.tie(index_, shopper.presence, auth.receipt.receipt_id);
  // The second cart's passage is its own, however close behind.
  if (cart && counter_.pending()) counter_.start_new_passage();
  auth.expected = verdict.expected;
  if (cart && config_->receiver)
    auth.level_at_admission = gate.proximity.level(*shopper.cart, *config_->receiver, now.mono);
  // Opened on anything but an answer at `present`: the backend hears of it with the opening.
  const bool answered_present =
      verdict.basis == Basis::kConfirmed && shopper.answer && std::holds_alternative<Admit>(*shopper.answer);
  auth.to_tell = !answered_present;
  shopper_.reset();
  admitted_while_blocked_ = true;
  enter(step, Admitting{.from_open = from_open});
}

void Lane::admit_staff(Step step, const std::string& by, const std::string& reason) {
  seal_complete(step);
  auto receipt = new_receipt(step, ReceiptKind::kStaff, Basis::kStaff);
  receipt.by = by;
  receipt.note = reason;
  std::optional<SessionName> name;
  if (shopper_ && shopper_->cart) {
    receipt.cart_id = shopper_->cart;
    receipt.session_tag = shopper_->tag;
    if (!shopper_->tag.is_zero()) name = name_of(receipt);
  }
  const MonoTime since = shopper_ ? shopper_->since : step.wake.mono();
  const bool from_open = !std::holds_alternative<Closed>(phase_);
  auto& auth = authorise(step, std::move(receipt), std::nullopt, 1);
  auth.shopper_since = since;
  auth.used_when_passed = name;
  if (shopper_) step.gate.questions.tie(index_, shopper_->presence, auth.receipt.receipt_id);
  if (shopper_) leave_unanswered(step);
  admitted_while_blocked_ = true;
  enter(step, Admitting{.from_open = from_open});
}

void Lane::publish_admitted(Step step, const Authorisation& auth) {
  const auto& receipt = auth.receipt;
  std::vector<std::pair<std::string_view, FieldValue>> fields{{"decision", std::string("admit")}};
  describe(receipt, fields);
  if (receipt.cart_id) fields.emplace_back("cart_id", static_cast<std::int64_t>(*receipt.cart_id));
  if (receipt.session_tag) fields.emplace_back("session_tag", to_string(*receipt.session_tag));
  if (receipt.session_id) fields.emplace_back("session_id", to_string(*receipt.session_id));
  fields.emplace_back("decision_us", (step.wake.mono() - auth.shopper_since).count());
  step.gate.publish(PublicEventType::kVerdict, config_->id, step.wake.now(), std::move(fields));
}

void Lane::seal(Step step, Authorisation& auth, Outcome outcome) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  auto& receipt = auth.receipt;
  receipt.outcome = outcome;
  receipt.ended_at = wake.now().wall;
  std::vector<StoreWrite> writes{PutSealedReceipt{receipt}};
  if (auth.entry) {
    std::uint32_t used = auth.counted;
    if (outcome == Outcome::kUnknown) used = auth.party;
    if (outcome == Outcome::kNotUsed) used = 0;
    gate.book.seal(*auth.entry, auth.counted, used, writes);
  }
  gate.persist(std::move(writes));
  std::vector<std::pair<std::string_view, FieldValue>> fields{{"state", std::string("sealed")}};
  describe(receipt, fields);
  gate.publish(PublicEventType::kReceipt, config_->id, wake.now(), std::move(fields));
  if (outcome != Outcome::kNotUsed) return;
  if (receipt.basis == Basis::kOfflinePolicy) gate.policy.uncount(auth.since);
  const bool of_session = receipt.kind == ReceiptKind::kCart || receipt.kind == ReceiptKind::kWalkout;
  // Others of its party who are leaving keep the claim.
  if (of_session && !gate.book.in_use(name_of(receipt))) send_lapsed(step, name_of(receipt));
  if (auth.claimed)
    keep_claim(step, {.session_id = auth.claimed, .cart_id = receipt.cart_id, .session_tag = receipt.session_tag},
               auth.presence);
  // An answer that comes later may have been given after the backend heard that it lapsed.
  gate.questions.untie(receipt.receipt_id);
}

void Lane::seal_all(Step step, bool override_takes_over) {
  const bool blind = (eyes_.safety.bound && !eyes_.safety.readable) || (eyes_.exit.bound && !eyes_.exit.readable) ||
                     (eyes_.passage.bound && !eyes_.passage.readable);
  std::vector<Authorisation> judged;
  for (auto& auth : auths_) {
    if (!override_takes_over && still_here_open(step, auth)) {
      judged.push_back(std::move(auth));
      continue;
    }
    Outcome outcome = auth.receipt.passages > 0 ? Outcome::kPassed : Outcome::kNotUsed;
    if (override_takes_over && blind && !auth.unlimited) {
      auth.receipt.flags.add(Flag::kSensorLost);
      if (auth.receipt.passages == 0) outcome = Outcome::kUnknown;
    }
    seal(step, auth, outcome);
  }
  auths_ = std::move(judged);
}

void Lane::seal_unpassed(Step step) {
  std::erase_if(auths_, [&](Authorisation& auth) {
    if (auth.unlimited || auth.receipt.passages > 0) return false;
    seal(step, auth, Outcome::kNotUsed);
    return true;
  });
}

void Lane::seal_complete(Step step) {
  std::vector<Authorisation> judged;
  for (auto& auth : auths_) {
    if (still_here_open(step, auth)) {
      judged.push_back(std::move(auth));
    } else {
      seal(step, auth, auth.receipt.passages > 0 ? Outcome::kPassed : Outcome::kNotUsed);
    }
  }
  auths_ = std::move(judged);
}

}  // namespace exitgate
