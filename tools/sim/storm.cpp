#include "tools/sim/storm.hpp"

namespace exitgate::sim {

void Storm::begin() {
  bool any = false;
  for (std::size_t i = 0; i < kFaultKindCount; ++i) {
    const auto kind = static_cast<FaultKind>(i);
    // Each seed has its own kinds of weather; some have none.
    if (!options_->on(kind) || !dice_->chance(0.5)) continue;
    any = true;
    schedule(kind);
  }
  for (auto& crowd : *crowds_) crowd->clear_skies(!any);
}

void Storm::schedule(FaultKind kind) {
  const bool rare = kind == FaultKind::kFire || kind == FaultKind::kDevice || kind == FaultKind::kKill;
  agenda_->in(rare ? dice_->ms(60000, 900000) : dice_->ms(15000, 240000), [this, kind] {
    if (over_) return;
    ++report_->injected[static_cast<std::size_t>(kind)];
    const auto which = static_cast<std::size_t>(dice_->between(0, static_cast<int>(boxes_->size()) - 1));
    strike(kind, *(*boxes_)[which]);
    schedule(kind);
  });
}

void Storm::strike(FaultKind kind, Box& box) {
  // With carts heard wrongly a cart and its pusher are counted as two, or two carts as one: not judged by number.
  const bool harmless = kind == FaultKind::kBackend || kind == FaultKind::kClock;
  if (!harmless) blinded_ = true;
  switch (kind) {
    case FaultKind::kBackend:
      return backend(box);
    case FaultKind::kEyes:
      return eyes(box);
    case FaultKind::kRadio:
      return radio(box);
    case FaultKind::kDisk:
      return disk(box);
    case FaultKind::kStaff:
      return operators(box);
    case FaultKind::kDevice:
      box.device(false);
      agenda_->in(dice_->ms(50, 15000), [&box] { box.device(true); });
      return;
    case FaultKind::kClock:
      if (dice_->chance(0.2)) {
        box.set_clock(std::chrono::hours{-24 * 365 * 50});
        agenda_->in(dice_->ms(5000, 60000), [&box] { box.set_clock(milliseconds{0}); });
      } else {
        box.set_clock(dice_->chance(0.5) ? milliseconds{dice_->between(-5000, 5000)} : milliseconds{0});
      }
      return;
    case FaultKind::kKill:
      box.die(dice_->chance(0.5));
      agenda_->in(dice_->ms(300, 20000), [&box] { box.start(); });
      return;
    case FaultKind::kFire:
      box.fire(true);
      agenda_->in(dice_->ms(3000, 60000), [this, &box] {
        box.fire(false);
        agenda_->in(dice_->ms(1000, 9000), [&box] { box.staff(StaffVerb::kReset, std::nullopt); });
      });
      return;
  }
}

void Storm::backend(Box& box) {
  apart_ = true;
  auto& w = box.weather;
  if (dice_->chance(0.4)) {
    box.connect(false);
    const auto span =
        dice_->chance(0.05) ? Duration{std::chrono::hours{dice_->between(1, 30)}} : dice_->ms(2000, 300000);
    agenda_->in(span, [&box] { box.connect(true); });
    return;
  }
  w.answer_lost = 0.3 * dice_->part();
  w.answer_late = 0.5 * dice_->part();
  w.answer_doubled = 0.3 * dice_->part();
  w.upload_reply_lost = 0.5 * dice_->part();
  w.upload_busy = 0.2 * dice_->part();
  agenda_->in(dice_->ms(10000, 120000),
              [&w] { w.answer_lost = w.answer_late = w.answer_doubled = w.upload_reply_lost = w.upload_busy = 0; });
}

void Storm::eyes(Box& box) {
  const auto lane = static_cast<std::size_t>(dice_->between(0, static_cast<int>(box.kinds().size()) - 1));
  const auto eye = static_cast<Eye>(dice_->between(0, 4));
  if (dice_->chance(0.3)) {
    for (int i = 0; i < 12; ++i) {
      agenda_->in(milliseconds{70 * i}, [&box, lane, eye, i] {
        box.eye_fault(lane, eye, i % 2 == 0 ? EyeFault::kStuckActive : EyeFault::kNone);
      });
    }
    return;
  }
  box.eye_fault(lane, eye, dice_->chance(0.5) ? EyeFault::kStuckActive : EyeFault::kStuckClear);
  agenda_->in(dice_->ms(100, 90000), [&box, lane, eye] { box.eye_fault(lane, eye, EyeFault::kNone); });
}

void Storm::radio(Box& box) {
  auto& w = box.weather;
  w.beacon_lost = 0.6 * dice_->part();
  w.cross_talk = dice_->chance(0.5);
  const auto lane = static_cast<std::size_t>(dice_->between(0, static_cast<int>(box.kinds().size()) - 1));
  const bool dead = dice_->chance(0.3);
  if (dead) box.receiver(lane, false);
  agenda_->in(dice_->ms(5000, 120000), [&box, &w, lane, dead] {
    w.beacon_lost = 0;
    w.cross_talk = false;
    if (dead) box.receiver(lane, true);
  });
}

void Storm::disk(Box& box) {
  box.disk_trouble(static_cast<DiskTrouble>(dice_->between(1, kDiskTroubles)));
  agenda_->in(dice_->ms(500, 60000), [&box] { box.disk_trouble(DiskTrouble::kNone); });
}

void Storm::operators(Box& box) {
  const auto lane = static_cast<std::size_t>(dice_->between(0, static_cast<int>(box.kinds().size()) - 1));
  switch (dice_->between(0, 3)) {
    case 0:
      box.staff(StaffVerb::kOpen, lane);
      return;
    case 1:
      box.staff(StaffVerb::kHoldOpen, lane);
      agenda_->in(dice_->ms(2000, 60000), [&box, lane] { box.staff(StaffVerb::kReleaseHold, lane); });
      return;
    case 2:
      box.staff(StaffVerb::kOutOfService, lane);
      agenda_->in(dice_->ms(2000, 60000), [&box, lane] { box.staff(StaffVerb::kInService, lane); });
      return;
    default:
      box.reload();
  }
}

void Storm::heal(Box& box) {
  box.weather = Weather{};
  box.disk_trouble(DiskTrouble::kNone);
  box.start();
  box.set_clock(milliseconds{0});
  box.device(true);
  box.fire(false);
  box.connect(true);
  for (std::size_t lane = 0; lane < box.kinds().size(); ++lane) {
    for (int eye = 0; eye < 6; ++eye) box.eye_fault(lane, static_cast<Eye>(eye), EyeFault::kNone);
    box.receiver(lane, true);
  }
  for (const auto verb : {StaffVerb::kReleaseHold, StaffVerb::kInService, StaffVerb::kReset})
    box.staff(verb, std::nullopt);
}

void Storm::end() {
  over_ = true;
  for (auto& box : *boxes_) heal(*box);
  // What was on its way still comes; then everything is healed once more, and what needs a named reset gets one.
  agenda_->in(std::chrono::seconds{120}, [this] {
    for (auto& box : *boxes_) heal(*box);
  });
  agenda_->in(std::chrono::seconds{180}, [this] {
    for (auto& box : *boxes_) box->staff(StaffVerb::kReset, std::nullopt);
  });
}

}  // namespace exitgate::sim
