// Who comes to a lane: of every kind the lane contract knows.
#include "tools/sim/crowd.hpp"

namespace exitgate::sim {
namespace {

constexpr std::chrono::hours kSessionLives{12};

}  // namespace

void Crowd::draw(std::size_t lane) {
  auto& dice = around_.dice;
  auto& place = places_[lane];
  place = Place{.visit = place.visit};
  const auto mode = box_->mode(lane);
  place.cart = mode == LaneMode::kCart || (mode == LaneMode::kMixed && dice.chance(0.5));
  place.turns_back = dice.chance(0.04);
  place.followers = dice.chance(0.05) ? dice.between(1, 2) : 0;
  place.pass = place.cart && dice.chance(0.5);
  if (!again_->empty() && dice.chance(0.3)) return draw_again(place);
  if (dice.chance(0.03)) return draw_sham(lane);
  draw_session(place, lane);
}

/// Somebody with no cart, or with a sender whose frames are forged, foreign, stale or replayed.
void Crowd::draw_sham(std::size_t lane) {
  auto& dice = around_.dice;
  auto& place = places_[lane];
  place.cart = place.cart && box_->mode(lane) == LaneMode::kMixed;
  place.heard = false;
  if (box_->mode(lane) == LaneMode::kWalkout || dice.chance(0.3)) return;
  auto& imitated = around_.store.new_session(true, 1, box_->true_wall() + kSessionLives);
  around_.store.pay(imitated, around_.agenda.now(), box_->true_wall(), true);
  place.imitated = imitated.id;
  place.sham = static_cast<Sham>(dice.between(1, kShams));
}

void Crowd::draw_again(Place& place) {
  // Any of the store, at any of its lanes: with a part of its party left, or with nothing.
  const auto pick = static_cast<std::size_t>(around_.dice.bits() % again_->size());
  const auto id = (*again_)[pick];
  again_->erase(again_->begin() + static_cast<std::ptrdiff_t>(pick));
  const auto& session = *around_.store.find(id);
  if ((session.cart != 0) != place.cart) return;  // the wrong lane: nobody's session
  place.session = id;
  const auto rest = static_cast<int>(session.party) - static_cast<int>(session.left);
  place.people = std::max(1, rest);
  place.plain = false;
}

void Crowd::sham_beacon(std::size_t lane, std::uint64_t visit) {
  auto& place = places_[lane];
  if (place.visit != visit) return;
  const auto& imitated = *around_.store.find(*place.imitated);
  const auto now = box_->true_wall();
  // A replay follows when the cart itself was heard, some way off, with a newer frame.
  const bool replays = place.sham == Sham::kReplayed;
  if (replays && place.recorded == WallTime{}) {
    const bool heard = box_->hear(lane, imitated, BeaconState::kClosed, -90, now);
    if (heard && around_.oracle.radio_calm(index_, around_.agenda.now())) {
      place.recorded = now;
      place.marked_at = around_.agenda.now();
      around_.oracle.lane(index_, lane).marked_at = place.marked_at;
    }
  } else {
    box_->hear(lane, imitated, BeaconState::kClosed, -59 - around_.dice.between(0, 4), replays ? place.recorded : now,
               place.sham);
  }
  around_.agenda.in(kBeaconEvery, [this, lane, visit] { sham_beacon(lane, visit); });
}

void Crowd::draw_session(Place& place, std::size_t lane) {
  auto& dice = around_.dice;
  const int party = dice.chance(0.15) ? dice.between(2, 3) : 1;
  const bool short_lived = dice.chance(0.03);
  const auto lives = short_lived ? milliseconds{dice.between(2000, 30000)} : milliseconds{kSessionLives};
  auto& session = around_.store.new_session(place.cart, static_cast<std::uint16_t>(party), box_->true_wall() + lives);
  place.session = session.id;
  place.people = party > 1 && dice.chance(0.2) ? party - 1 : party;
  session.foreign = place.cart && dice.chance(0.02);
  session.silent = dice.chance(0.05);
  session.payment_fails = dice.chance(0.02);
  const auto now = around_.agenda.now();
  if (!session.foreign && !session.payment_fails && dice.chance(0.9))
    around_.store.pay(session, now, box_->true_wall(), !session.silent);
  if (!place.cart && session.paid && dice.chance(0.3)) {
    around_.store.expect(session, box_->name(), std::to_string(lane + 1), box_->true_wall());
  }
  place.forges = place.pass && dice.chance(0.5);
  place.plain = session.paid && !short_lived;
  const bool revoked = session.paid && dice.chance(0.03);
  place.plain = place.plain && !revoked;
  session.plain = place.plain;
  if (revoked) {
    around_.agenda.in(dice.ms(0, 4000), [this, id = session.id, tag = dice.chance(0.5)] {
      around_.store.revoke(*around_.store.find(id), tag);
    });
  }
}

void Crowd::pay_meanwhile(std::size_t lane) {
  const auto* waiting = session(lane);
  if (waiting == nullptr || waiting->paid || waiting->foreign || !around_.dice.chance(0.6)) return;
  later(lane, around_.dice.ms(2000, 12000), [this, lane] {
    auto* now = session(lane);
    if (now->paid) return;
    around_.store.pay(*now, around_.agenda.now(), box_->true_wall(), !now->silent);
  });
}

}  // namespace exitgate::sim
