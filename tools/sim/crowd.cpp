// Shoppers who come, stand, and walk out. Who comes is drawn in crowd_kinds.cpp.
#include "tools/sim/crowd.hpp"

#include <algorithm>
#include <utility>

namespace exitgate::sim {
namespace {

/// Debounce, confirm_timeout and its 50 ms, a slow commit.
constexpr Duration kVerdictIn = milliseconds{20 + 850 + 180};
/// Nobody bound (no_beacon) and two carts without a margin (ambiguity).
constexpr Duration kFindsCartIn = milliseconds{2500 + 2000};
constexpr Duration kProbesApart = std::chrono::seconds{40};
constexpr Duration kOrdinaryFor = std::chrono::seconds{30};

}  // namespace

Crowd::Crowd(Surroundings around, Box& box, std::size_t index, ComeAgain& again)
    : around_(around), box_(&box), index_(index), again_(&again), places_(box.kinds().size()) {
  box_->moved = [this](std::size_t lane) { look(lane); };
}

void Crowd::begin() {
  for (std::size_t lane = 0; lane < places_.size(); ++lane) {
    around_.agenda.in(around_.dice.ms(2000, 9000), [this, lane] { come(lane); });
  }
}

void Crowd::later(std::size_t lane, Duration span, std::function<void()> action) {
  around_.agenda.in(span, [this, lane, visit = places_[lane].visit, action = std::move(action)] {
    if (places_[lane].visit == visit) action();
  });
}

void Crowd::next_visit(std::size_t lane) {
  auto& place = places_[lane];
  place.doing = Doing::kAway;
  place.probe_waits = false;
  ++place.visit;
  --near_;
  // Mostly one close behind the other, at times a quiet while.
  const auto pause = around_.dice.chance(0.02) ? around_.dice.ms(60000, 600000) : around_.dice.ms(1300, 5000);
  if (open_ && box_->stands_open(lane) && box_->green(lane) && !box_->kinds()[lane].pulse && around_.dice.chance(0.3)) {
    ++near_;
    later(lane, milliseconds{900}, [this, lane] { wrong_way(lane); });
    return;
  }
  around_.agenda.in(pause, [this, lane] { come(lane); });
}

void Crowd::come(std::size_t lane) {
  if (!open_) return;
  draw(lane);
  set_out(lane);
}

void Crowd::set_out(std::size_t lane) {
  ++near_;
  auto& place = places_[lane];
  ++place.visit;
  place.doing = Doing::kAway;
  if (place.cart && place.session && place.heard) beacon(lane, place.visit);
  if (place.imitated) sham_beacon(lane, place.visit);
  later(lane, around_.dice.ms(900, 1600), [this, lane] { arrive(lane); });
}

void Crowd::probe() {
  for (std::size_t lane = 0; lane < places_.size(); ++lane) {
    auto& place = places_[lane];
    if (place.doing != Doing::kAway) continue;
    place = Place{.visit = place.visit, .plain = true, .probe_waits = true};
    place.cart = box_->mode(lane) == LaneMode::kCart;
    auto& fresh = around_.store.new_session(place.cart, 1, box_->true_wall() + std::chrono::hours{12});
    around_.store.pay(fresh, around_.agenda.now(), box_->true_wall(), true);
    place.session = fresh.id;
    // Where two lanes share a receiver one after the other, so that each is let out on a session of its own.
    ++near_;
    around_.agenda.in(box_->kinds()[lane].shares ? kProbesApart : Duration{0}, [this, lane] {
      --near_;
      set_out(lane);
    });
  }
}

std::string Crowd::unserved() const {
  for (std::size_t lane = 0; lane < places_.size(); ++lane) {
    if (places_[lane].probe_waits) return "nobody gets out by lane " + std::to_string(lane + 1) + " of " + box_->name();
  }
  return {};
}

void Crowd::beacon(std::size_t lane, std::uint64_t visit) {
  if (places_[lane].visit != visit) return;
  const auto& now = *session(lane);
  const auto state = now.paid && !now.silent ? BeaconState::kClosed : BeaconState::kShopping;
  const auto sent = box_->true_wall();
  box_->hear(lane, now, state, -59 - around_.dice.between(0, 4), sent);
  if (box_->weather.cross_talk && lane + 1 < places_.size())
    box_->hear(lane + 1, now, state, -70 - around_.dice.between(0, 6), sent);
  const bool sends_pass = places_[lane].pass && around_.dice.chance(0.5);
  if (sends_pass && now.paid) box_->hear_pass(lane, now);
  if (sends_pass && !now.paid && places_[lane].forges) box_->hear_pass(lane, now, true);
  around_.agenda.in(kBeaconEvery, [this, lane, visit] { beacon(lane, visit); });
}

void Crowd::park(std::size_t lane) {
  auto& truth = around_.oracle.lane(index_, lane);
  if (truth.parked || box_->mode(lane) == LaneMode::kWalkout) return;
  auto& left = around_.store.new_session(true, 1, box_->true_wall() + std::chrono::hours{12});
  if (around_.dice.chance(0.7)) around_.store.pay(left, around_.agenda.now(), box_->true_wall(), true);
  truth.parked = left.cart;
  parked_beacon(lane, left.id, around_.agenda.now() + around_.dice.ms(5000, 200000));
}

void Crowd::parked_beacon(std::size_t lane, const Uuid& id, MonoTime until) {
  auto& truth = around_.oracle.lane(index_, lane);
  const auto& cart = *around_.store.find(id);
  if (around_.agenda.now() >= until || !open_) {
    // Its last frames are remembered a while.
    around_.agenda.in(std::chrono::seconds{3}, [&truth] {
      truth.parked_over = truth.somebody;
      if (!truth.somebody) truth.parked.reset();
    });
    return;
  }
  box_->hear(lane, cart, cart.paid ? BeaconState::kClosed : BeaconState::kShopping, -68 - around_.dice.between(0, 1),
             box_->true_wall());
  around_.agenda.in(milliseconds{500}, [this, lane, id, until] { parked_beacon(lane, id, until); });
}

void Crowd::stand(std::size_t lane, bool stands) {
  auto& truth = around_.oracle.lane(index_, lane);
  const auto& place = places_[lane];
  const auto who = stands ? place.session : std::nullopt;
  if (!place.cart) around_.store.stands(box_->name(), std::to_string(lane + 1), stands, who);
  truth.somebody = stands;
  truth.came_at = around_.agenda.now();
  if (std::exchange(truth.parked_over, false)) truth.parked.reset();
  truth.standing = who;
  truth.marked_at = place.marked_at;
  truth.imitated = stands && place.imitated ? std::optional(around_.store.find(*place.imitated)->cart) : std::nullopt;
  truth.cart = who && place.cart && place.heard ? std::optional(around_.store.find(*who)->cart) : std::nullopt;
}

void Crowd::arrive(std::size_t lane) {
  auto& place = places_[lane];
  place.doing = Doing::kWaiting;
  place.arrived = around_.agenda.now();
  // Beside a parked cart, or one at a lane with the same receiver, anybody may be taken for its shopper.
  const auto& truth = around_.oracle.lane(index_, lane);
  const bool alone = !truth.shares || box_->mode(lane) == LaneMode::kWalkout;
  place.plain = place.plain && !truth.parked && alone;
  place.walk_from = around_.agenda.now() + (place.cart ? milliseconds{1900} : milliseconds{600});
  stand(lane, true);
  box_->say("lane " + std::to_string(lane + 1) + ": " + (place.cart ? "a cart" : "a walkout") +
            (place.plain ? ", plain" : "") + ", party " + std::to_string(place.people) + " + " +
            std::to_string(place.followers) + (place.session ? " session " + to_string(*place.session) : " nobody's"));
  watch_verdict(lane);
  box_->see(lane, Eye::kApproach, true);
  pay_meanwhile(lane);
  later(lane, place.walk_from - around_.agenda.now(), [this, lane] { look(lane); });
  const bool patient = around_.dice.chance(0.2);
  // Where a lane waits longer for whoever was there before, so do they.
  const int more = box_->kinds()[lane].slow ? 14000 : 0;
  later(lane, patient ? around_.dice.ms(25000 + more, 70000) : around_.dice.ms(14000 + more, 22000 + more),
        [this, lane] { lose_patience(lane); });
}

void Crowd::watch_verdict(std::size_t lane) {
  const auto& truth = around_.oracle.lane(index_, lane);
  const bool shut = truth.known && truth.told_closed && truth.position <= 0 && !box_->red(lane);
  if (!shut) return;
  const auto& place = places_[lane];
  const bool finds_at_once =
      box_->mode(lane) == LaneMode::kWalkout ||
      (place.cart && place.plain && !truth.parked && around_.oracle.radio_calm(index_, place.arrived));
  later(lane, kVerdictIn + (finds_at_once ? Duration{0} : kFindsCartIn), [this, lane, finds_at_once] {
    const auto arrived = places_[lane].arrived;
    const auto& now = around_.oracle.lane(index_, lane);
    const bool shown = now.shown_at >= arrived || box_->red(lane) || box_->green(lane);
    const bool calm = !finds_at_once || around_.oracle.radio_calm(index_, arrived);
    if (!shown && calm && around_.oracle.untroubled(index_, lane, arrived - kOrdinaryFor))
      around_.oracle.stranded("no verdict in time at lane " + std::to_string(lane + 1) + " of " + box_->name());
  });
}

void Crowd::lose_patience(std::size_t lane) {
  const auto& place = places_[lane];
  if (place.doing != Doing::kWaiting) return;
  const auto& truth = around_.oracle.lane(index_, lane);
  const bool ordinary = around_.oracle.untroubled(index_, lane, place.arrived - kOrdinaryFor) &&
                        around_.oracle.radio_calm(index_, place.arrived - kOrdinaryFor) && !truth.parked;
  if (ordinary && place.plain && session(lane)->paid)
    around_.oracle.stranded("a paid shopper was not let out at lane " + std::to_string(lane + 1) + " of " +
                            box_->name());
  go(lane);
}

void Crowd::go(std::size_t lane) {
  auto& place = places_[lane];
  box_->see(lane, Eye::kApproach, false);
  stand(lane, false);
  if (place.session && session(lane)->paid && around_.dice.chance(0.5)) again_->push_back(*place.session);
  // Whose party is not through is not asked about again by those of another.
  ++place.visit;
  around_.agenda.in(milliseconds{800}, [this, lane] { next_visit(lane); });
  place.doing = Doing::kAway;
}

void Crowd::look(std::size_t lane) {
  auto& place = places_[lane];
  if (place.doing != Doing::kWaiting || around_.agenda.now() < place.walk_from) return;
  // A gate with a control unit of its own turns under whoever walks.
  const bool way = box_->kinds()[lane].pulse || box_->stands_open(lane);
  if (!box_->green(lane) || !way) return;
  if (place.turns_back) return go(lane);
  place.doing = Doing::kWalking;
  later(lane, around_.dice.ms(100, 700), [this, lane] { walk(lane, 1); });
}

void Crowd::walk(std::size_t lane, int person) {
  auto& place = places_[lane];
  place.from = around_.agenda.now();
  place.own = place.session && around_.oracle.lane(index_, lane).admitted == session(lane)->cart;
  if (box_->kinds()[lane].pulse) return pass_pulse(lane, person);
  const bool follows = person > place.people;
  // Who follows unpaid slips through what is still half open.
  const bool way =
      follows ? around_.oracle.lane(index_, lane).position > 0.5 : box_->stands_open(lane) && box_->green(lane);
  if (!way) {
    place.doing = Doing::kWaiting;
    return go(lane);
  }
  const bool last = person >= place.people + place.followers;
  const bool pushes = place.cart && person == 1;
  box_->see(lane, Eye::kApproach, true);
  box_->see(lane, Eye::kSafety, true);
  later(lane, milliseconds{250}, [this, lane] { box_->see(lane, Eye::kApproach, false); });
  if (!last) later(lane, milliseconds{450}, [this, lane] { box_->see(lane, Eye::kApproach, true); });
  later(lane, milliseconds{500}, [this, lane] { box_->see(lane, Eye::kExit, true); });
  later(lane, milliseconds{800}, [this, lane] { box_->see(lane, Eye::kSafety, false); });
  if (pushes) {
    later(lane, milliseconds{900}, [this, lane] { box_->see(lane, Eye::kExit, false); });
    later(lane, milliseconds{1200}, [this, lane] { box_->see(lane, Eye::kExit, true); });
  }
  later(lane, pushes ? milliseconds{1600} : milliseconds{1000}, [this, lane, person] {
    box_->see(lane, Eye::kExit, false);
    person_out(lane, person);
  });
}

void Crowd::person_out(std::size_t lane, int person) {
  const auto& place = places_[lane];
  const auto now = around_.agenda.now();
  const bool pushes = place.cart && person == 1;
  // What took the lane since is not known from a disk that refuses it.
  const bool own = place.own && around_.oracle.lane(index_, lane).admitted == session(lane)->cart &&
                   !around_.oracle.disk_behind(index_);
  // Who pushes a cart and goes out on what another was admitted for counts as two: the gap is that of the admitted, and
  // a second cart starts a new passage, as one does that is bound here by a receiver of two lanes.
  const bool alone = own && !around_.oracle.lane(index_, lane).shares;
  around_.oracle.people(index_, lane).left(place.from, now, pushes && !alone ? 2 : 1);
  ++exits_;
  box_->say("lane " + std::to_string(lane + 1) + ": person " + std::to_string(person) + " is out" +
            (pushes && !own ? ", pushing a cart that is not the one admitted" : ""));
  if (person <= place.people && place.session) ++session(lane)->left;
  after_person(lane, person);
}

void Crowd::after_person(std::size_t lane, int person) {
  const auto& place = places_[lane];
  const bool walkouts = box_->mode(lane) == LaneMode::kWalkout;
  if (person < place.people + place.followers) {
    // Where carts are let out, two without one must be further apart to be told apart.
    const bool close = walkouts || (place.cart && person == 1) || box_->kinds()[lane].pulse;
    const auto apart = std::chrono::ceil<milliseconds>(box_->kinds()[lane].join_gap() - milliseconds{350});
    const auto behind = close ? around_.dice.ms(200, 550) : apart + around_.dice.ms(0, 150);
    return later(lane, behind, [this, lane, person] { walk(lane, person + 1); });
  }
  stand(lane, false);
  // The rest of an unfinished party comes later; some come again with nothing left.
  const bool rest = place.session && session(lane)->left < session(lane)->party;
  if (place.session && around_.dice.chance(rest ? 0.7 : 0.1)) again_->push_back(*place.session);
  next_visit(lane);
}

void Crowd::pass_pulse(std::size_t lane, int person) {
  auto& place = places_[lane];
  if (!box_->green(lane)) return go(lane);
  if (person >= place.people) box_->see(lane, Eye::kApproach, false);
  later(lane, milliseconds{300}, [this, lane] { box_->see(lane, Eye::kPassage, true); });
  later(lane, milliseconds{420}, [this, lane, person] {
    box_->see(lane, Eye::kPassage, false);
    person_out(lane, person);
  });
}

void Crowd::wrong_way(std::size_t lane) {
  const auto end = milliseconds{1500};
  box_->see(lane, Eye::kExit, true);
  later(lane, milliseconds{300}, [this, lane] { box_->see(lane, Eye::kSafety, true); });
  later(lane, milliseconds{500}, [this, lane] { box_->see(lane, Eye::kExit, false); });
  later(lane, milliseconds{800}, [this, lane] { box_->see(lane, Eye::kApproach, true); });
  later(lane, milliseconds{1000}, [this, lane] { box_->see(lane, Eye::kSafety, false); });
  later(lane, end, [this, lane] {
    box_->see(lane, Eye::kApproach, false);
    around_.oracle.people(index_, lane).strayed(around_.agenda.now() - milliseconds{1500}, around_.agenda.now());
    next_visit(lane);
  });
}

}  // namespace exitgate::sim
