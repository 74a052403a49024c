// What goes wrong at the gate itself: eyes, modules, radio, clock, fire, and what staff do.
#include <algorithm>

#include "tools/sim/storm.hpp"

namespace exitgate::sim {
namespace {

constexpr std::chrono::hours kDay{24};
/// Until a contact that tells the truth again was read, and the output beside it.
constexpr Duration kContactBelieved = milliseconds{300};

}  // namespace

void Storm::eyes(Struck at) {
  const auto eye = static_cast<Eye>(dice().between(0, 5));
  if (dice().chance(0.3)) return flicker(at, eye);
  auto& box = at.box;
  const auto lane = at.lane;
  const bool limit = eye == Eye::kLimitOpen || eye == Eye::kLimitClosed;
  const auto span = dice().ms(100, 90000);
  trouble(at, false, span + kAttended);
  if (!limit) around_.oracle.blind(at.index, lane, now(), now() + span, 2);
  // One that sticks before the barrier leaves contradicts the open one, and is known by that.
  auto& truth = around_.oracle.lane(at.index, lane);
  if (eye == Eye::kLimitClosed && truth.position < 1) truth.said_closed_until = now() + span + kContactBelieved;
  box.eye_fault(lane, eye, dice().chance(0.5) ? EyeFault::kStuckActive : EyeFault::kStuckClear);
  around_.agenda.in(span, [&box, lane, eye] { box.eye_fault(lane, eye, EyeFault::kNone); });
}

void Storm::flicker(Struck at, Eye eye) {
  constexpr int kTimes = 12;
  auto& box = at.box;
  const auto lane = at.lane;
  const bool limit = eye == Eye::kLimitOpen || eye == Eye::kLimitClosed;
  const Duration every = dice().ms(5, 90);
  trouble(at, false, kTimes * every + kAttended);
  if (!limit) around_.oracle.blind(at.index, lane, now(), now() + kTimes * every, kTimes / 2);
  if (eye == Eye::kLimitClosed)
    around_.oracle.lane(at.index, lane).said_closed_until = now() + kTimes * every + kContactBelieved;
  for (int i = 0; i < kTimes; ++i) {
    around_.agenda.in(every * i, [&box, lane, eye, i] {
      box.eye_fault(lane, eye, i % 2 == 0 ? EyeFault::kStuckActive : EyeFault::kNone);
    });
  }
}

void Storm::device(Struck at) {
  auto& box = at.box;
  const auto& kind = box.kinds()[at.lane];
  const auto module = dice().chance(0.5) ? kind.eyes_on : kind.drives_on;
  const auto span = dice().ms(50, 15000);
  // Lanes on other modules go on as if nothing were.
  for (std::size_t lane = 0; lane < box.kinds().size(); ++lane) {
    if (box.file().needs(lane, module)) trouble({box, at.index, lane}, false, span + kAttended);
    if (box.kinds()[lane].eyes_on == module)
      around_.oracle.blind(at.index, lane, now(), now() + span + milliseconds{200}, 1);
  }
  if (dice().chance(0.3)) {
    // It hangs for a while before anybody says so.
    box.hang(module, true);
    around_.agenda.in(std::min(dice().ms(20, 900), span / 2), [&box, module] { box.module(module, false); });
  } else {
    box.module(module, false);
  }
  around_.agenda.in(span, [&box, module] {
    box.hang(module, false);
    box.module(module, true);
  });
}

void Storm::radio(Struck at) {
  auto& box = at.box;
  auto& w = box.weather;
  w.beacon_lost = 0.6 * dice().part();
  w.cross_talk = dice().chance(0.5);
  const bool dead = dice().chance(0.3);
  const auto lane = at.lane;
  if (dead) box.receiver(lane, false);
  const auto span = dice().ms(5000, 120000);
  around_.oracle.radio_trouble(at.index, now() + span + std::chrono::seconds{5});
  around_.agenda.in(span, [&box, &w, lane, dead] {
    w.beacon_lost = 0;
    w.cross_talk = false;
    if (dead) box.receiver(lane, true);
  });
  if (dice().chance(0.5)) (*crowds_)[at.index]->park(at.lane);
}

void Storm::clock(Struck at) {
  auto& box = at.box;
  const auto span = dice().ms(5000, 90000);
  trouble(at, true, span + kAttended);
  around_.oracle.clock_stepped(at.index, now());
  // Frames are out of their time window meanwhile, and until a Date has set the latest time known right again.
  around_.oracle.radio_trouble(at.index, now() + span + kSettles);
  switch (dice().between(0, 3)) {
    case 0:
      box.set_clock(-kDay * 365 * 50, false);
      break;
    case 1: {
      const bool ahead = dice().chance(0.5);
      if (ahead) around_.oracle.clock_ahead(at.index, now() + span);
      box.set_clock(ahead ? kDay : -kDay, true);
      break;
    }
    case 2:  // a boot at 1970
      around_.oracle.blind(at.index, std::nullopt, box.unsafe_since() - box.longest_join_gap() - milliseconds{200},
                           now() + std::chrono::seconds{3}, 1);
      box.die(true);
      box.set_clock(kClockAt1970, false);
      around_.agenda.in(milliseconds{1900}, [&box] { box.start(); });
      break;
    default:
      box.set_clock(milliseconds{dice().between(-5000, 5000)}, true);
      break;
  }
  around_.agenda.in(span, [&box] { box.set_clock(milliseconds{0}, true); });
}

void Storm::fire(Struck at) {
  auto& box = at.box;
  const auto lane = at.lane;
  const auto span = dice().ms(3000, 60000);
  const auto reset = dice().ms(1000, 9000);
  const bool whole = dice().chance(0.5);
  trouble(at, whole, span + reset);
  if (whole) {
    box.fire(true);
  } else {
    box.see(lane, Eye::kRelease, true);
  }
  around_.agenda.in(span, [this, &box, lane, whole, reset] {
    if (whole) box.fire(false);
    if (!whole) box.see(lane, Eye::kRelease, false);
    around_.agenda.in(
        reset, [&box, lane, whole] { box.staff(StaffVerb::kReset, whole ? std::nullopt : std::optional(lane)); });
  });
}

void Storm::hold(Struck at, StaffVerb verb, StaffVerb back) {
  auto& box = at.box;
  const auto lane = at.lane;
  const auto span = dice().ms(2000, 60000);
  trouble(at, false, span);
  ++holds_[{at.index, lane}];
  box.staff(verb, lane);
  around_.agenda.in(span, [this, at, back] { take_back(at, back); });
}

/// Nobody takes a command that a dead box did not hear for given.
void Storm::take_back(Struck at, StaffVerb back) {
  if (!at.box.alive()) {
    around_.agenda.in(std::chrono::seconds{1}, [this, at, back] { take_back(at, back); });
    return;
  }
  trouble(at, false, Duration{0});
  --holds_[{at.index, at.lane}];
  at.box.staff(back, at.lane);
}

void Storm::mode(Struck at) {
  auto& box = at.box;
  const auto lane = at.lane;
  const auto span = dice().ms(10000, 200000);
  trouble(at, false, span);
  box.staff(StaffVerb::kMode, lane, static_cast<LaneMode>(dice().between(0, 2)));
}

void Storm::operators(Struck at) {
  auto& box = at.box;
  const auto lane = at.lane;
  trouble(at, false, Duration{0});
  switch (dice().between(0, 7)) {
    case 0:
      return box.staff(StaffVerb::kOpen, lane);
    case 1:
      return hold(at, StaffVerb::kHoldOpen, StaffVerb::kReleaseHold);
    case 2:
      return hold(at, StaffVerb::kOutOfService, StaffVerb::kInService);
    case 3:
      return mode(at);
    case 4: {
      const auto span = dice().ms(2000, 30000);
      trouble(at, false, span);
      box.see(lane, Eye::kStaffKey, true);
      around_.agenda.in(span, [&box, lane] { box.see(lane, Eye::kStaffKey, false); });
      return;
    }
    case 5:
      return box.staff(StaffVerb::kReset, std::nullopt);
    case 6:
      return box.send_again();
    default:
      trouble(at, true, Duration{0});
      box.reload();
  }
}

}  // namespace exitgate::sim
