// Whoever stands at the approach: finding their cart, asking the backend, judging, refusing (lane contract §2–4).
#include <algorithm>
#include <array>

#include "core/lane.hpp"

namespace exitgate {
namespace {

constexpr Duration kGoneAfter = milliseconds{500};
constexpr std::array<Duration, 4> kAskAgainAfter{std::chrono::seconds{1}, std::chrono::seconds{2},
                                                 std::chrono::seconds{4}, std::chrono::seconds{5}};
constexpr std::size_t kAheadAtOnce = 4;
/// A cart that sends twice a second through heavy loss is heard in this time.
constexpr Duration kGoneUnheard = std::chrono::seconds{5};

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

void Lane::give_back_answer(Step step) {
  const auto* admit = shopper_->answer ? std::get_if<Admit>(&*shopper_->answer) : nullptr;
  if (admit == nullptr && !shopper_->claimed) return;
  const Uuid session = admit != nullptr ? admit->session_id : *shopper_->claimed;
  SessionName unused{.session_id = session, .cart_id = shopper_->cart, .session_tag = {}};
  if (shopper_->cart) unused.session_tag = shopper_->tag;
  // Where its party leaves or has left here, the claim is theirs.
  if (!step.gate.book.in_use(unused)) send_lapsed(step, unused);
}

void Lane::leave_unanswered(Step step) {
  // An answer that claimed the session for somebody who walked away is given back.
  give_back_answer(step);
  shopper_.reset();
}

void Lane::reset_identity() {
  shopper_->identified = false;
  shopper_->walkout = false;
  shopper_->cart.reset();
  shopper_->flags = {};
  shopper_->conflicting = false;
  shopper_->ambiguous = false;
  shopper_->idle_alone = false;
  shopper_->asked = false;
  shopper_->question.reset();
  shopper_->answer.reset();
  shopper_->claimed.reset();
  shopper_->refused.reset();
  shopper_->presence = ++presences_;
}

std::vector<Candidate> Lane::worthy_candidates(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  auto all = gate.proximity.candidates(index_, gate.views, wake);
  auto unused = all;
  std::erase_if(unused, [&](const Candidate& c) { return !carries_session(step, c); });
  if (!unused.empty() || durable_.mode == LaneMode::kMixed) return unused;
  return all;
}

/// A session not used yet, and not parked.
bool Lane::carries_session(Step step, const Candidate& cart) const {
  const SessionName name{.session_id = {}, .cart_id = cart.cart_id, .session_tag = cart.session_tag};
  const auto& book = step.gate.book;
  const bool spent = book.used(name) && !book.repeatable_after_restart(name, config_->id, step.wake.now());
  return !cart.session_tag.is_zero() && cart.state != BeaconState::kIdle && !spent && !cart.parked;
}

/// The cart that was bound is heard no more, and one that carries nothing has been near all the while: the shopper has
/// changed behind an eye that never cleared, and what is answered about the first is not for the second.
bool Lane::another_cart_instead(Step step) const {
  const auto& gate = step.gate;
  const auto now = step.wake.mono();
  if (!config_->receiver || !gate.views[index_].receiver_up) return false;
  if (!gate.proximity.unheard_for(kGoneUnheard, *shopper_->cart, *config_->receiver, now)) return false;
  // One that was heard without a gap also shows that the receiver heard.
  const auto near = step.gate.proximity.candidates(index_, gate.views, step.wake);
  return std::any_of(near.begin(), near.end(),
                     [&](const Candidate& c) { return !c.parked && now - c.near_since >= kGoneUnheard; });
}

/// A cart with a wrong clock binds nowhere, but whoever pushes it is no walkout.
bool Lane::mistimed_cart_here(Step step) const {
  const auto mistimed = step.gate.proximity.mistimed(index_, step.gate.views, step.wake);
  return std::any_of(mistimed.begin(), mistimed.end(), [&](const Candidate& c) { return carries_session(step, c); });
}

void Lane::look_for_cart(Step step) {
  auto& gate = step.gate;
  auto& wake = step.wake;
  const auto candidates = worthy_candidates(step);
  auto& shopper = *shopper_;
  if (candidates.empty()) {
    if (shopper.cart && !another_cart_instead(step)) return;  // radio silence alone doesn't unbind who stands here
    if (shopper.walkout) return;
    if (shopper.cart) {
      give_back_answer(step);
      reset_identity();
      shopper.since = wake.mono();
    }
    const bool mixed = durable_.mode == LaneMode::kMixed;
    const bool nearly = mixed && config_->receiver && gate.proximity.somebody_nearly_near(*config_->receiver, wake);
    const Duration wait = mixed && !nearly ? config_->timing.bind_wait : config_->timing.no_beacon;
    if (!wake.due(shopper.since + wait)) return;
    if (mixed && !mistimed_cart_here(step)) {
      shopper.walkout = true;
      shopper.identified = true;
      return;
    }
    refuse(step,
           {gate.views[index_].clock_suspect ? ShownReason::kSeeStaff : ShownReason::kCartNotRecognised, "no_beacon"});
    return;
  }
  const double margin_db = gate.config->beacons.margin_db;
  auto best = candidates.begin();
  const auto bound =
      std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& c) { return shopper.cart == c.cart_id; });
  if (bound != candidates.end() && best->level_dbm < bound->level_dbm + margin_db) best = bound;
  bool rivalled = false;
  bool all_closed = true;
  for (const auto& c : candidates) {
    if (c.cart_id != best->cart_id && best->level_dbm - c.level_dbm >= margin_db) continue;
    rivalled = rivalled || c.cart_id != best->cart_id;
    all_closed = all_closed && (gate.book.closure(c.cart_id, c.session_tag, wake.now()) ||
                                gate.book.ahead(c.cart_id, c.session_tag, wake.now()) ||
                                gate.book.pass(c.cart_id, c.session_tag, wake.now()) != nullptr);
  }
  if (rivalled && !all_closed) {
    if (!shopper.ambiguous_since) shopper.ambiguous_since = wake.mono();
    if (shopper.cart && shopper.identified) {
      give_back_answer(step);
      reset_identity();
    }
    if (wake.due(*shopper.ambiguous_since + config_->timing.ambiguity))
      refuse(step, {ShownReason::kSeeStaff, "ambiguous_cart"});
    return;
  }
  shopper.ambiguous_since.reset();
  if (rivalled) best = candidates.begin();
  bind(step, *best, rivalled);
}

void Lane::bind(Step step, const Candidate& cart, bool rivalled) {
  const bool same = shopper_->identified && shopper_->cart == cart.cart_id && shopper_->tag == cart.session_tag;
  const bool wants_help =
      cart.state == BeaconState::kNeedsAssistance && (!same || shopper_->state != BeaconState::kNeedsAssistance);
  if (!same) {
    give_back_answer(step);
    const bool from_nobody = !shopper_->cart && !shopper_->walkout;
    const auto presence = shopper_->presence;
    reset_identity();
    if (from_nobody) shopper_->presence = presence;
    shopper_->cart = cart.cart_id;
    shopper_->tag = cart.session_tag;
    shopper_->state = cart.state;
    shopper_->identified = true;
  } else if (shopper_->state != cart.state) {
    // What the cart says is a hint when to ask: acted on at once.
    shopper_->state = cart.state;
    if (shopper_->refused) shopper_->refused->ask_again_at = step.wake.mono();
  }
  shopper_->ambiguous = rivalled;
  shopper_->conflicting = cart.conflicting;
  shopper_->idle_alone = cart.session_tag.is_zero() || cart.state == BeaconState::kIdle;
  shopper_->flags = {};
  if (rivalled) shopper_->flags.add(Flag::kAmbiguousCart);
  if (cart.conflicting) shopper_->flags.add(Flag::kBeaconConflict);
  if (cart.receiver_down) shopper_->flags.add(Flag::kReceiverDown);
  if (!wants_help) return;
  buzz(step);
  alarm(step, "needs_assistance", {{"cart_id", static_cast<std::int64_t>(cart.cart_id)}});
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
