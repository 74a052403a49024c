// Authorisations and their receipts: admitting, counting, sealing (lane contract §4–5, backend contract "Receipt").
#include <algorithm>

#include "core/lane.hpp"

namespace exitgate {
namespace {

constexpr Duration kStillHereAfter = std::chrono::seconds{3};
constexpr double kStillHere_db = 6;
constexpr Duration kWalkoutGap = milliseconds{150};
constexpr std::chrono::hours kUnknownExpiry{24};

SessionName name_of(const Receipt& receipt) {
  return {.session_id = receipt.session_id, .cart_id = receipt.cart_id, .session_tag = receipt.session_tag};
}

void describe(const Receipt& receipt, std::vector<std::pair<std::string_view, FieldValue>>& fields) {
  fields.emplace_back("receipt_id", to_string(receipt.receipt_id));
  fields.emplace_back("kind", std::string(to_string(receipt.kind)));
  if (receipt.basis) fields.emplace_back("basis", std::string(to_string(*receipt.basis)));
  if (receipt.outcome) fields.emplace_back("outcome", std::string(to_string(*receipt.outcome)));
  fields.emplace_back("passages", static_cast<std::int64_t>(receipt.passages));
}

}  // namespace

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
        verdict.terms.expires_at == WallTime{} ? now.judging + kUnknownExpiry : verdict.terms.expires_at;
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

int Lane::capacity(const Step& step, const Authorisation& auth) const {
  const int left = static_cast<int>(auth.party) - static_cast<int>(auth.counted);
  if (auth.unlimited) return 1;
  return auth.entry ? std::min(left, step.gate.book.allowance(*auth.entry, auth.counted > 0)) : left;
}

bool Lane::party_left(const Step& step) const {
  return std::any_of(auths_.begin(), auths_.end(),
                     [&](const Authorisation& auth) { return !auth.unlimited && capacity(step, auth) > 0; });
}

void Lane::count_passages(Step step) {
  const auto* last = auths_.empty() ? nullptr : &auths_.back();
  bool as_cart = durable_.mode == LaneMode::kCart;
  if (durable_.mode == LaneMode::kMixed && last != nullptr) as_cart = last->receipt.cart_id.has_value();
  const Duration gap = as_cart ? config_->timing.join_gap : kWalkoutGap;
  const EyesForCounting eyes{
      .approach = eyes_.approach, .safety = eyes_.safety, .exit = eyes_.exit, .passage = eyes_.passage};
  const auto counted = counter_.update(eyes, gap, as_cart, step.wake);
  if (counted.wrong_way) {
    alarm(step, "wrong_way");
    if (!auths_.empty()) auths_.back().receipt.flags.add(Flag::kWrongWay);
  }
  for (int i = 0; i < counted.passages; ++i) passage(step);
}

void Lane::passage(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  const Now& now = wake.now();
  const bool out_of_service =
      std::holds_alternative<OutOfService>(phase_) && auths_.empty() && outputs_.barrier_closed_commanded() == true;
  // Admitted, but the gate not opened yet: whoever passes now goes ahead of the one it will open for.
  const auto* admitting = std::get_if<Admitting>(&phase_);
  const bool not_opened = admitting != nullptr && !admitting->commanded && !admitting->from_open;
  const bool closed = std::holds_alternative<Closed>(phase_) || out_of_service || not_opened;
  if (std::holds_alternative<Recovering>(phase_) && auths_.empty())
    begin_override(step, ReceiptKind::kFault, Basis::kFault);
  if (auths_.empty() || closed) {
    auto& nobody = authorise(step, new_receipt(step, ReceiptKind::kUnauthorised, std::nullopt), std::nullopt, 1);
    nobody.unlimited = true;
    alarm(step, "unauthorised");
  }
  auto auth = closed ? auths_.end() - 1 : std::find_if(auths_.begin(), auths_.end(), [&](const Authorisation& a) {
    return capacity(step, a) > 0;
  });
  const bool tailgate = auth == auths_.end();
  if (tailgate) auth = auths_.end() - 1;
  auto& receipt = auth->receipt;
  ++receipt.passages;
  receipt.passed_at = now.wall;
  auth->last_passage = now.mono;
  if (tailgate) {
    receipt.flags.add(Flag::kTailgate);
    alarm(step, "tailgate");
    buzz(step);
  } else {
    ++auth->counted;
    if (auth->entry) gate.book.count_passage(*auth->entry, auth->counted == 1);
  }
  if (auth->used_when_passed) {
    auth->entry = gate.book.entry_for(*std::exchange(auth->used_when_passed, std::nullopt), 1,
                                      now.judging + kUnknownExpiry, *gate.ids, now);
    gate.book.open(*auth->entry);
    gate.book.count_passage(*auth->entry, true);
  }
  if (receipt.cart_id) gate.proximity.passed(*receipt.cart_id, now.mono);
  std::vector<std::pair<std::string_view, FieldValue>> fields;
  describe(receipt, fields);
  gate.publish(PublicEventType::kPassage, config_->id, now, std::move(fields));
  if (closed) {
    seal(step, *auth, Outcome::kPassed);
    auths_.erase(auth);
    return;
  }
  store_open(step, *auth, false);
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
  if (receipt.kind == ReceiptKind::kCart || receipt.kind == ReceiptKind::kWalkout) send_lapsed(step, name_of(receipt));
  if (receipt.kind == ReceiptKind::kStaff || (!receipt.session_id && !receipt.cart_id))
    gate.questions.untie(receipt.receipt_id);
}

void Lane::seal_all(Step step, bool override_takes_over) {
  const bool blind = (eyes_.safety.bound && !eyes_.safety.readable) || (eyes_.exit.bound && !eyes_.exit.readable) ||
                     (eyes_.passage.bound && !eyes_.passage.readable);
  std::vector<Authorisation> judged;
  for (auto& auth : auths_) {
    if (!override_takes_over && still_here_possible(step, auth) &&
        !step.wake.due(*auth.last_passage + kStillHereAfter)) {
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
    if (still_here_possible(step, auth) && !step.wake.due(*auth.last_passage + kStillHereAfter)) {
      judged.push_back(std::move(auth));
    } else {
      seal(step, auth, auth.receipt.passages > 0 ? Outcome::kPassed : Outcome::kNotUsed);
    }
  }
  auths_ = std::move(judged);
}

bool Lane::still_here_possible(Step step, const Authorisation& auth) const {
  if (auth.receipt.kind != ReceiptKind::kCart || auth.approach_cleared || !auth.last_passage ||
      !auth.level_at_admission)
    return false;
  if (shopper_ && shopper_->cart && shopper_->cart != auth.receipt.cart_id) return false;
  const auto level = step.gate.proximity.level(*auth.receipt.cart_id, *config_->receiver, step.wake.mono());
  return level && std::abs(*level - *auth.level_at_admission) <= kStillHere_db;
}

void Lane::judge_cart_still_here(Step step) {
  const bool closed = std::holds_alternative<Closed>(phase_);
  for (auto auth = auths_.begin(); auth != auths_.end();) {
    const bool possible = still_here_possible(step, *auth);
    const bool due = auth->last_passage && step.wake.due(*auth->last_passage + kStillHereAfter);
    if (possible && due) turn_unauthorised(step, *auth, Flag::kCartStillHere);
    if (closed && (!possible || due)) {
      seal(step, *auth, auth->receipt.passages > 0 ? Outcome::kPassed : Outcome::kNotUsed);
      auth = auths_.erase(auth);
    } else {
      ++auth;
    }
  }
}

void Lane::turn_unauthorised(Step step, Authorisation& auth, Flag why) {
  auto& gate = step.gate;
  auto& receipt = auth.receipt;
  if (receipt.kind == ReceiptKind::kUnauthorised) return;
  alarm(step, to_string(why), {{"receipt_id", to_string(receipt.receipt_id)}});
  send_lapsed(step, name_of(receipt));
  std::vector<StoreWrite> writes;
  if (auth.entry) {
    gate.book.seal(*auth.entry, auth.counted, 0, writes);
    auth.entry.reset();
  }
  if (auth.expected) {
    gate.book.return_expected(*auth.expected, step.wake.now(), writes);
    auth.expected.reset();
  }
  receipt.kind = ReceiptKind::kUnauthorised;
  receipt.basis.reset();
  receipt.session_id.reset();
  receipt.session_tag.reset();
  receipt.cart_id.reset();
  receipt.party_size.reset();
  receipt.total.reset();
  receipt.pass.reset();
  receipt.flags.add(why);
  writes.emplace_back(PutOpenReceipt{receipt});
  gate.persist(std::move(writes));
}

}  // namespace exitgate
