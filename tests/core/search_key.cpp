// What the search tells states apart by: phases with what they own, the shopper, the authorisations, eyes and contacts
// with the age of their levels in classes, outputs, troubles, what is out and what is known of the session. Numbers
// without bound are cut off; times are classes between the lane's deadlines.
#include <algorithm>

#include "search_world.hpp"

namespace exitgate::test {

/// A row of small numbers.
class Key {
 public:
  void put(int value) { text_.push_back(static_cast<char>(value)); }
  void bits(std::initializer_list<bool> all) {
    int value = 0;
    int count = 0;
    for (const bool bit : all) {
      value |= int{bit} << count;
      if (++count < 7) continue;
      put(value);
      value = 0;
      count = 0;
    }
    put(value);
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

namespace {

int age_class(Duration age, std::initializer_list<Duration> bounds) {
  return static_cast<int>(std::count_if(bounds.begin(), bounds.end(), [&](Duration bound) { return age >= bound; }));
}

struct PhaseKey {
  Key& key;
  MonoTime now;
  void operator()(const Recovering& p) const { key.bits({p.blocked_since.has_value()}); }
  void operator()(const Admitting& p) const { key.bits({p.commanded, p.from_open, p.tries > 1}); }
  void operator()(const Clearing& p) const { key.bits({p.not_before > now}); }
  void operator()(const Faulted& p) const { key.bits({p.keep_barrier, p.well_since.has_value()}); }
  void operator()(const OutOfService& p) const { key.bits({p.closing, p.not_before > now}); }
  template <class Other>
  void operator()(const Other&) const {}
};

void put_shopper(Key& key, const std::optional<Shopper>& shopper) {
  if (!shopper) return;
  const int answer = shopper->answer ? static_cast<int>(shopper->answer->index()) + 1 : 0;
  const int refused = shopper->refused ? static_cast<int>(shopper->refused->reason) + 1 : 0;
  key.bits({shopper->gone_since.has_value(), shopper->identified, shopper->walkout, shopper->cart.has_value(),
            shopper->asked, shopper->refused && shopper->refused->until_clear});
  key.put(answer * 8 + refused);
}

/// What nothing asks for any more is left out: why an override or a fault opened; how many passed, beyond the party and
/// whether anybody did; whether the approach cleared, but of a cart, which may be judged as still here; whether the way
/// was begun, once somebody passed; the expected entry, once no answer can take it back.
void put_authorisation(Key& key, const Authorisation& auth, const PersistQueue& persists, bool answer_may_come) {
  const auto kind = auth.receipt.kind;
  const bool passed = auth.receipt.passages > 0;
  const bool of_shopper = kind == ReceiptKind::kCart || kind == ReceiptKind::kWalkout || kind == ReceiptKind::kStaff;
  key.put(of_shopper || !auth.unlimited ? static_cast<int>(kind) : 7);
  key.put(static_cast<int>(std::min<unsigned>(auth.party - std::min<unsigned>(auth.counted, auth.party), 3U)));
  key.bits({auth.unlimited, passed, kind == ReceiptKind::kCart && auth.approach_cleared, !passed && auth.safety_seen,
            (answer_may_come || auth.to_tell) && auth.expected.has_value(), !passed && persists.pending(auth.ticket),
            auth.used_when_passed.has_value()});
}

}  // namespace

/// Ages matter where something waits for them. Most deadlines of a lane are taken the moment they come, so that phase
/// and shopper tell on which side of them a state is; told apart all the same are levels that are new and levels that
/// have lasted, for what may come in between. Coarse ages leave that out.
void SearchWorld::put_ages(Key& key) const {
  const auto& eyes = lane().eyes();
  const auto& timing = config_->lanes[0].timing;
  const Duration inside = mono_ - std::max(eyes.safety.since, eyes.exit.since);
  const bool coarse = options_->coarse_ages;
  if (eyes.inside_clear()) {
    key.put(coarse ? 0 : age_class(inside, {timing.close_delay, timing.party_gap}));
  } else {
    const bool waited_for = !coarse || phase() == Phase::kRecovering;
    key.put(4 + age_class(inside, {waited_for ? milliseconds{300} : timing.stuck, timing.stuck}));
  }
  key.put(coarse ? 0 : age_class(mono_ - eyes.approach.since, {milliseconds{500}}));
}

std::string SearchWorld::key() const {
  Key key;
  const auto& gate = controller_.gate();
  key.put(static_cast<int>(phase()));
  std::visit(PhaseKey{key, mono_}, lane().lane_phase());
  put_shopper(key, lane().shopper());
  const auto& auths = lane().authorisations();
  key.put(static_cast<int>(std::min<std::size_t>(auths.size(), 3)));
  for (std::size_t i = auths.size() - std::min<std::size_t>(auths.size(), 2); i < auths.size(); ++i)
    put_authorisation(key, auths[i], gate.persists, !asked_.empty());

  const auto& eyes = lane().eyes();
  key.bits({levels_.at(kApproach), levels_.at(kSafety), levels_.at(kExit), eyes.safety.active, eyes.approach.active,
            eyes.exit.active, eyes.closed_doubted, lane().counting()});
  put_ages(key);
  key.bits({coil_closed_, written_closed_, fully_closed_, position_ > 0, position_ > 1, pulse_, pulse_out_});
  key.bits({levels_.at(kRelease), levels_.at(kStaffKey), device_, device_told_, jam_, contradict_, link_});
  key.bits({disk_ == Disk::kSilent, disk_ == Disk::kFails, gate.persists.kept() > 0, gate.liveness.online(), held_,
            out_of_service_, until_reset_, killed_, cart_near_});
  key.put(static_cast<int>(std::min<std::size_t>(asked_.size(), 3)));
  if (!asked_.empty()) key.put(static_cast<int>(asked_.front().stage));
  const SessionName name{.session_id = {}, .cart_id = kSearchedCart, .session_tag = tag(tag_)};
  const auto& book = gate.book;
  key.bits({gate.faults.stands(FaultCode::kBarrierStuckOpen, "lane:1"),
            gate.faults.stands(FaultCode::kBarrierStuckClosed, "lane:1"),
            gate.faults.stands(FaultCode::kEyeStuck, "lane:1"), !stored_.expected.empty()});
  // Of a session that is spent for good nothing else counts; a closure is better than an answer fetched ahead.
  const bool spent = book.used(name) && auths.empty();
  const bool closed = !spent && book.closure(kSearchedCart, tag(tag_), now());
  key.bits({book.used(name), spent, book.may_admit(name), closed,
            !spent && book.refusal(kSearchedCart, tag(tag_)) != nullptr,
            !spent && !closed && book.ahead(kSearchedCart, tag(tag_), now()),
            gate.proximity.level(kSearchedCart, 1, mono_).has_value()});
  return std::move(key).text();
}

}  // namespace exitgate::test
