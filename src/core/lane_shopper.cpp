// Whoever stands at the approach: asking the backend, judging, refusing (lane contract §2, §4).
#include <algorithm>
#include <array>

#include "core/lane.hpp"

namespace exitgate {
namespace {

constexpr Duration kGoneAfter = milliseconds{500};
constexpr std::array<Duration, 4> kAskAgainAfter{std::chrono::seconds{1}, std::chrono::seconds{2},
                                                 std::chrono::seconds{4}, std::chrono::seconds{5}};
constexpr std::size_t kAheadAtOnce = 4;

Duration ask_again_after(int times) { return kAskAgainAfter[static_cast<std::size_t>(std::min(times, 3))]; }

}  // namespace

bool Lane::may_take_next() const {
  return std::holds_alternative<Closed>(phase_) || std::holds_alternative<Clearing>(phase_) ||
         std::holds_alternative<Closing>(phase_);
}

void Lane::run_shopper(Step step) {
  auto& wake = step.wake;
  ask_ahead(step);
  const bool blocked = eyes_.approach_blocked();
  if (!shopper_) {
    if (!blocked || !eyes_.approach.readable) return;
    shopper_ = Shopper{.presence = ++presences_, .since = wake.mono()};
    announce(step);
  }
  if (!blocked && !shopper_->gone_since) shopper_->gone_since = wake.mono();
  if (blocked) shopper_->gone_since.reset();
  if (shopper_->gone_since) {
    if (wake.due(*shopper_->gone_since + kGoneAfter)) leave_unanswered(step);
    return;  // nothing opens meanwhile
  }
  if (shopper_->refused && shopper_->refused->until_clear) return;
  if (durable_.mode == LaneMode::kWalkout) {
    shopper_->walkout = true;
    shopper_->identified = true;
  } else {
    look_for_cart(step);
  }
  if (!shopper_ || !shopper_->identified || !eyes_.approach.readable) return;
  announce(step);
  if (shopper_->refused && wake.due(shopper_->refused->ask_again_at)) {
    ++shopper_->refused->asked_again;
    shopper_->refused->ask_again_at = wake.mono() + ask_again_after(shopper_->refused->asked_again);
    if (!shopper_->idle_alone) ask(step);
  }
  judge(step);
}

void Lane::keep_answer(Step step) {
  const auto* admit = shopper_->answer ? std::get_if<Admit>(&*shopper_->answer) : nullptr;
  if (admit == nullptr) return;
  SessionName unused{.session_id = admit->session_id, .cart_id = shopper_->cart, .session_tag = {}};
  if (shopper_->cart) unused.session_tag = shopper_->tag;
  keep_claim(step, unused, shopper_->presence);
}

void Lane::leave_unanswered(Step step) {
  keep_answer(step);
  shopper_.reset();
}

void Lane::ask(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  auto& shopper = *shopper_;
  Question question{.stage = Stage::kPresent,
                    .lane = index_,
                    .presence = shopper.presence,
                    .cart_id = shopper.cart,
                    .session_tag = shopper.tag,
                    .receipt_id = {},
                    .asked_at = wake.mono()};
  const auto id = gate.questions.add(question);
  shopper.asked = true;
  shopper.asked_at = wake.mono();
  if (!id) return;
  shopper.question = *id;
  ConfirmRequest request{.request_id = gate.ids->next(wake.now().wall),
                         .lane_id = config_->id,
                         .cart = shopper.cart.has_value(),
                         .observed_at = wake.now().wall,
                         .stage = Stage::kPresent,
                         .cart_id = shopper.cart,
                         .session_tag = {},
                         .session_id = {}};
  if (shopper.cart) request.session_tag = shopper.tag;
  gate.out.emplace_back(Ask{*id, std::move(request)});
}

void Lane::ask_ahead(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  if (durable_.mode == LaneMode::kWalkout || !config_->receiver || !gate.views[index_].receiver_up) return;
  std::size_t asked = 0;
  for (const auto& c : gate.proximity.closed_near(*config_->receiver, wake.mono())) {
    if (asked >= kAheadAtOnce) break;
    if (!gate.book.wants_ahead(c.cart_id, c.session_tag, wake.now()) ||
        gate.questions.asked_ahead(c.cart_id, c.session_tag))
      continue;
    const auto id = gate.questions.add({.stage = Stage::kAhead,
                                        .lane = index_,
                                        .presence = 0,
                                        .cart_id = c.cart_id,
                                        .session_tag = c.session_tag,
                                        .receipt_id = {},
                                        .asked_at = wake.mono()});
    if (!id) break;
    ++asked;
    gate.book.note_asked_ahead(c.cart_id, c.session_tag, wake.now());
    gate.out.emplace_back(Ask{*id, ConfirmRequest{.request_id = gate.ids->next(wake.now().wall),
                                                  .lane_id = config_->id,
                                                  .cart = true,
                                                  .observed_at = wake.now().wall,
                                                  .stage = Stage::kAhead,
                                                  .cart_id = c.cart_id,
                                                  .session_tag = c.session_tag,
                                                  .session_id = {}}});
  }
}

Evidence Lane::evidence(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  auto& shopper = *shopper_;
  Evidence e{.lane = config_->id,
             .mode = durable_.mode,
             .cart = shopper.cart,
             .tag = shopper.tag,
             .conflicting = shopper.conflicting,
             .expected = {},
             .answer = shopper.answer ? &*shopper.answer : nullptr,
             .asked_at = shopper.asked_at,
             .timed_out = false,
             .backend_online = gate.liveness.online(),
             .signed_passes = gate.config->offline.signed_passes};
  e.timed_out = shopper.asked && wake.due(shopper.asked_at + gate.config->confirm_timeout);
  if (shopper.walkout) {
    SessionBook::Writes writes;
    e.expected = gate.book.expected(config_->id, wake.now(), writes);
    if (!writes.empty()) gate.persist(std::move(writes));
  }
  return e;
}

bool Lane::judge(Step step) {
  auto& gate = step.gate;
  auto& shopper = *shopper_;
  if (shopper.idle_alone || shopper.state == BeaconState::kNeedsAssistance) {
    refuse(step, {ShownReason::kSeeStaff, shopper.idle_alone ? "idle_cart" : "needs_assistance"});
    return false;
  }
  const Now& now = step.wake.now();
  // A refusal that the backend has ended is no answer any more, and its question not one that got none: ask anew.
  const bool refusal = shopper.answer && std::holds_alternative<Refuse>(*shopper.answer);
  if (refusal && shopper.cart && gate.book.refusal(*shopper.cart, shopper.tag) == nullptr) {
    shopper.answer.reset();
    shopper.asked = shopper.asked_at == now.mono;
  }
  auto verdict = decide(evidence(step), gate.book, gate.policy, now);
  const auto* yes = std::get_if<VerdictAdmit>(&verdict);
  const bool local = yes != nullptr && (yes->basis == Basis::kSignedPass || yes->basis == Basis::kOfflinePolicy);
  const bool undecided =
      std::holds_alternative<VerdictWait>(verdict) ||
      (std::holds_alternative<VerdictRefuse>(verdict) && !std::get<VerdictRefuse>(verdict).known_bad_here);
  if (!shopper.asked && (undecided || local)) {
    ask(step);  // also while offline: the question is sent all the same
    verdict = decide(evidence(step), gate.book, gate.policy, now);
  }
  if (auto* admitted = std::get_if<VerdictAdmit>(&verdict)) {
    for (const auto flag : shopper.flags.list()) admitted->flags.add(flag);
    admit(step, *admitted);
    return true;
  }
  if (const auto* no = std::get_if<VerdictRefuse>(&verdict)) refuse(step, *no);
  return false;
}

void Lane::refuse(Step step, const VerdictRefuse& verdict) {
  auto& shopper = *shopper_;
  if (shopper.refused && shopper.refused->reason == verdict.reason) return;
  const bool first = !shopper.refused;
  if (first) shopper.refused = ShopperRefused{};
  shopper.refused->reason = verdict.reason;
  if (first) shopper.refused->ask_again_at = step.wake.mono() + ask_again_after(0);
  buzz(step);
  std::vector<std::pair<std::string_view, FieldValue>> fields{
      {"decision", std::string("refuse")},
      {"kind", std::string(shopper.walkout ? "walkout" : "cart")},
      {"reason", std::string(to_string(verdict.reason))},
      {"cause", std::string(verdict.cause)}};
  if (shopper.cart) {
    fields.emplace_back("cart_id", static_cast<std::int64_t>(*shopper.cart));
    fields.emplace_back("session_tag", to_string(shopper.tag));
  }
  step.gate.publish(PublicEventType::kVerdict, config_->id, step.wake.now(), std::move(fields));
}

}  // namespace exitgate
