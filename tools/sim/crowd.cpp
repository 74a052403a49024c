#include "tools/sim/crowd.hpp"

namespace exitgate::sim {
namespace {

constexpr Duration kBeaconEvery = milliseconds{250};
constexpr Duration kStranded = std::chrono::seconds{20};
constexpr std::chrono::hours kSessionLives{12};

}  // namespace

Crowd::Crowd(Agenda& agenda, Dice& dice, StoreModel& store, Oracle& oracle, Box& box, std::size_t index)
    : agenda_(&agenda),
      dice_(&dice),
      store_(&store),
      oracle_(&oracle),
      box_(&box),
      index_(index),
      places_(box.kinds().size()) {
  box_->moved = [this](std::size_t lane) { look(lane); };
}

void Crowd::begin() {
  for (std::size_t lane = 0; lane < places_.size(); ++lane) {
    agenda_->in(dice_->ms(2000, 9000), [this, lane] { come(lane); });
  }
}

void Crowd::later(std::size_t lane, Duration span, std::function<void()> action) {
  agenda_->in(span, [this, lane, visit = places_[lane].visit, action = std::move(action)] {
    if (places_[lane].visit == visit) action();
  });
}

void Crowd::next_visit(std::size_t lane) {
  places_[lane].doing = Doing::kAway;
  ++places_[lane].visit;
  --near_;
  // Mostly one close behind the other, at times a quiet while.
  const auto pause = dice_->chance(0.02) ? dice_->ms(60000, 600000) : dice_->ms(1700, 9000);
  agenda_->in(pause, [this, lane] { come(lane); });
}

void Crowd::come(std::size_t lane) {
  if (!open_) return;
  auto& place = places_[lane];
  ++near_;
  ++place.visit;
  const auto mode = box_->kinds()[lane].mode;
  place.cart = mode == LaneMode::kCart || (mode == LaneMode::kMixed && dice_->chance(0.5));
  place.party = dice_->chance(0.15) ? dice_->between(2, 3) : 1;
  place.turns_back = dice_->chance(0.04);
  Session* session = nullptr;
  if (place.cart && !left_behind_.empty() && dice_->chance(0.3)) {
    session = store_->find(left_behind_.back());
    left_behind_.pop_back();
    place.party = session->party;
  }
  if (session == nullptr) {
    session =
        &store_->new_session(place.cart, static_cast<std::uint16_t>(place.party), box_->true_wall() + kSessionLives);
    if (dice_->chance(0.9)) store_->pay(*session, box_->true_wall());
    if (!place.cart && session->paid && dice_->chance(0.3)) {
      store_->expect(*session, std::to_string(lane + 1), box_->true_wall());
    }
  }
  place.session = session->id;
  if (place.cart) beacon(lane, place.visit);
  later(lane, dice_->ms(900, 1600), [this, lane] { arrive(lane); });
}

void Crowd::beacon(std::size_t lane, std::uint64_t visit) {
  if (places_[lane].visit != visit) return;
  const auto* session = store_->find(places_[lane].session);
  const auto state = session->paid ? BeaconState::kClosed : BeaconState::kShopping;
  box_->hear(lane, *session, state, -59 - dice_->between(0, 4));
  if (box_->weather.cross_talk && lane + 1 < places_.size())
    box_->hear(lane + 1, *session, state, -70 - dice_->between(0, 6));
  agenda_->in(kBeaconEvery, [this, lane, visit] { beacon(lane, visit); });
}

void Crowd::tell_backend(std::size_t lane, bool stands) {
  auto& truth = oracle_->lane(index_, lane);
  const auto& place = places_[lane];
  if (!place.cart) {
    store_->stands(box_->name(), std::to_string(lane + 1), stands ? std::optional(place.session) : std::nullopt);
  }
  truth.standing = stands ? std::optional(place.session) : std::nullopt;
  truth.cart = stands && place.cart ? std::optional(store_->find(place.session)->cart) : std::nullopt;
}

void Crowd::arrive(std::size_t lane) {
  auto& place = places_[lane];
  place.doing = Doing::kWaiting;
  place.arrived = agenda_->now();
  place.walk_from = agenda_->now() + (place.cart ? milliseconds{1900} : milliseconds{600});
  tell_backend(lane, true);
  box_->see(lane, Eye::kApproach, true);
  if (!store_->find(place.session)->paid && dice_->chance(0.6)) {
    later(lane, dice_->ms(2000, 12000), [this, lane] {
      auto* session = store_->find(places_[lane].session);
      if (!session->paid) store_->pay(*session, box_->true_wall());
    });
  }
  later(lane, place.walk_from - agenda_->now(), [this, lane] { look(lane); });
  later(lane, dice_->ms(25000, 45000), [this, lane] {
    if (places_[lane].doing != Doing::kWaiting) return;
    const bool skies = clear_since_ && agenda_->now() - *clear_since_ > std::chrono::seconds{60};
    const auto* session = store_->find(places_[lane].session);
    const bool had_time = agenda_->now() - places_[lane].arrived > kStranded;
    if (skies && session->paid && had_time && session->passed == 0 && session->claimed_by.empty()) {
      oracle_->stranded(std::to_string(lane + 1));
    }
    go(lane);
  });
}

void Crowd::go(std::size_t lane) {
  auto& place = places_[lane];
  box_->see(lane, Eye::kApproach, false);
  tell_backend(lane, false);
  if (place.cart && store_->find(place.session)->paid) left_behind_.push_back(place.session);
  // Whose party is not through is not asked about again by those of another.
  ++place.visit;
  agenda_->in(milliseconds{800}, [this, lane] { next_visit(lane); });
  place.doing = Doing::kAway;
}

void Crowd::look(std::size_t lane) {
  auto& place = places_[lane];
  if (place.doing != Doing::kWaiting || agenda_->now() < place.walk_from) return;
  // A gate with a control unit of its own turns under whoever walks.
  const bool way = box_->kinds()[lane].pulse || box_->stands_open(lane);
  if (!box_->green(lane) || !way) return;
  if (place.turns_back) return go(lane);
  place.doing = Doing::kWalking;
  later(lane, dice_->ms(100, 700), [this, lane] { walk(lane, 1); });
}

void Crowd::walk(std::size_t lane, int person) {
  auto& place = places_[lane];
  if (box_->kinds()[lane].pulse) return pass_pulse(lane, person);
  if (!box_->stands_open(lane) || !box_->green(lane)) {
    place.doing = Doing::kWaiting;
    return go(lane);
  }
  const bool last = person >= place.party;
  box_->see(lane, Eye::kSafety, true);
  later(lane, milliseconds{250}, [this, lane] { box_->see(lane, Eye::kApproach, false); });
  if (!last) later(lane, milliseconds{450}, [this, lane] { box_->see(lane, Eye::kApproach, true); });
  later(lane, milliseconds{500}, [this, lane] { box_->see(lane, Eye::kExit, true); });
  later(lane, milliseconds{800}, [this, lane] { box_->see(lane, Eye::kSafety, false); });
  if (place.cart) {
    later(lane, milliseconds{900}, [this, lane] { box_->see(lane, Eye::kExit, false); });
    later(lane, milliseconds{1200}, [this, lane] { box_->see(lane, Eye::kExit, true); });
  }
  const Duration end = place.cart ? milliseconds{1600} : milliseconds{1000};
  later(lane, end, [this, lane, person] {
    box_->see(lane, Eye::kExit, false);
    oracle_->person_left(index_, lane);
    after_person(lane, person, places_[lane].cart ? milliseconds{1900} : milliseconds{500});
  });
}

void Crowd::after_person(std::size_t lane, int person, Duration behind) {
  auto& place = places_[lane];
  ++exits_;
  if (person < place.party) {
    later(lane, behind, [this, lane, person] { walk(lane, person + 1); });
    return;
  }
  tell_backend(lane, false);
  next_visit(lane);
}

void Crowd::pass_pulse(std::size_t lane, int person) {
  auto& place = places_[lane];
  if (!box_->green(lane)) return go(lane);
  if (person >= place.party) box_->see(lane, Eye::kApproach, false);
  later(lane, milliseconds{300}, [this, lane] { box_->see(lane, Eye::kPassage, true); });
  later(lane, milliseconds{420}, [this, lane, person] {
    box_->see(lane, Eye::kPassage, false);
    oracle_->person_left(index_, lane);
    after_person(lane, person, milliseconds{900});
  });
}

}  // namespace exitgate::sim
