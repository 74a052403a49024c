// Which cart the one at the approach came with, or none (lane contract §2–3).
#include <algorithm>

#include "core/lane.hpp"

namespace exitgate {
namespace {

/// People who stand before it weaken a cart for moments; what sends twice a second is heard through heavy loss.
constexpr Duration kGoneElsewhere = std::chrono::seconds{5};
/// Silence may be its radio's or the receiver's fault, and who has paid shall not wait for that.
constexpr Duration kGoneSilent = std::chrono::seconds{10};

}  // namespace

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

/// The bound cart has not been this lane's for so long that whoever stands here is somebody else, behind an eye that
/// never cleared: what is answered about the cart is not for them.
bool Lane::cart_has_gone(Step step) {
  auto& shopper = *shopper_;
  auto& gate = step.gate;
  const auto now = step.wake.mono();
  const auto near = gate.proximity.candidates(index_, gate.views, step.wake);
  const bool here =
      std::any_of(near.begin(), near.end(), [&](const Candidate& c) { return c.cart_id == *shopper.cart; });
  if (here || !config_->receiver || !gate.views[index_].receiver_up) {
    shopper.cart_here_at = now;
    return false;
  }
  // That it is heard elsewhere says so; or that the receiver hears another all the while, but for a parked one.
  const bool heard = gate.proximity.level(*shopper.cart, *config_->receiver, now).has_value();
  const bool another = std::any_of(
      near.begin(), near.end(), [&](const Candidate& c) { return !c.parked && now - c.near_since >= kGoneElsewhere; });
  return step.wake.due(shopper.cart_here_at + (heard || another ? kGoneElsewhere : kGoneSilent));
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
    if (shopper.cart && !cart_has_gone(step)) return;
    if (shopper.walkout) return;
    if (shopper.cart) {
      keep_answer(step);
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
      keep_answer(step);
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
    keep_answer(step);
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
  shopper_->cart_here_at = step.wake.mono();
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

}  // namespace exitgate
