// Counting who passes, and for whom; judging whether the cart went with them (lane contract §5).
#include <algorithm>

#include "core/lane.hpp"

namespace exitgate {
namespace {

constexpr Duration kStillHereAfter = std::chrono::seconds{3};
constexpr double kStillHere_db = 6;
constexpr Duration kWalkoutGap = milliseconds{150};

}  // namespace

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
    note_tailgate(step, receipt);
  } else {
    ++auth->counted;
    if (auth->entry) gate.book.count_passage(*auth->entry, auth->counted == 1);
  }
  if (auth->used_when_passed) {
    auth->entry = gate.book.entry_for(*std::exchange(auth->used_when_passed, std::nullopt), 1,
                                      now.judging + SessionBook::kUnknownExpiry, *gate.ids, now);
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

void Lane::note_tailgate(Step step, Receipt& receipt) {
  receipt.flags.add(Flag::kTailgate);
  alarm(step, "tailgate");
  buzz(step);
}

bool Lane::still_here_possible(Step step, const Authorisation& auth) const {
  if (auth.receipt.kind != ReceiptKind::kCart || auth.approach_cleared || !auth.last_passage ||
      !auth.level_at_admission)
    return false;
  if (shopper_ && shopper_->cart && shopper_->cart != auth.receipt.cart_id) return false;
  const auto level = step.gate.proximity.level(*auth.receipt.cart_id, *config_->receiver, step.wake.mono());
  return level && std::abs(*level - *auth.level_at_admission) <= kStillHere_db;
}

bool Lane::still_here_open(Step step, const Authorisation& auth) const {
  return still_here_possible(step, auth) && !step.wake.due(*auth.last_passage + kStillHereAfter);
}

void Lane::judge_cart_still_here(Step step) {
  const auto* out_of_service = std::get_if<OutOfService>(&phase_);
  const bool closed = std::holds_alternative<Closed>(phase_) ||
                      (out_of_service != nullptr && !out_of_service->closing &&
                       outputs_.barrier_closed_commanded() == true && !config_->pulse_drive());
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
  const auto session = name_of(receipt);
  std::vector<StoreWrite> writes;
  if (auth.entry) {
    gate.book.seal(*auth.entry, auth.counted, 0, writes);
    auth.entry.reset();
  }
  if (!gate.book.in_use(session)) send_lapsed(step, session);
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
