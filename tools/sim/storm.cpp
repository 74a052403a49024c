// Which faults come when, and what they do. What the oracle is told of each is what the contract excuses, no more.
#include "tools/sim/storm.hpp"

namespace exitgate::sim {
void Storm::begin() {
  for (std::size_t i = 0; i < kFaultKindCount; ++i) {
    const auto kind = static_cast<FaultKind>(i);
    // Each seed has its own kinds of weather; some have none.
    if (around_.options.on(kind) && dice().chance(0.5)) schedule(kind);
  }
  make_rounds();
}

void Storm::make_rounds() {
  around_.agenda.in(kRound, [this] {
    if (over_) return;
    for (std::size_t i = 0; i < boxes_->size(); ++i) {
      auto& box = *(*boxes_)[i];
      for (std::size_t lane = 0; lane < box.kinds().size(); ++lane) look_at({box, i, lane});
    }
    make_rounds();
  });
}

/// A lane that waits for a named reset gets it; and what was taken back on a disk that lost it is taken back again.
void Storm::look_at(Struck at) {
  const auto put_right = [&](Phase phase, StaffVerb verb) {
    if (!at.box.shows(at.lane, phase)) return;
    trouble(at, false, Duration{0});
    at.box.staff(verb, at.lane);
  };
  put_right(Phase::kFaulted, StaffVerb::kReset);
  if (holds_[{at.index, at.lane}] > 0) return;
  put_right(Phase::kOutOfService, StaffVerb::kInService);
  put_right(Phase::kHeldOpen, StaffVerb::kReleaseHold);
}

void Storm::schedule(FaultKind kind) {
  const bool rare = kind == FaultKind::kFire || kind == FaultKind::kDevice || kind == FaultKind::kKill;
  around_.agenda.in(rare ? dice().ms(60000, 900000) : dice().ms(15000, 240000), [this, kind] {
    if (over_) return;
    ++around_.report.injected[static_cast<std::size_t>(kind)];
    const auto which = static_cast<std::size_t>(dice().between(0, static_cast<int>(boxes_->size()) - 1));
    auto& box = *(*boxes_)[which];
    const auto lane = static_cast<std::size_t>(dice().between(0, static_cast<int>(box.kinds().size()) - 1));
    box.say("lane " + std::to_string(lane + 1) + ": fault " + kFaultKindNames[static_cast<std::size_t>(kind)]);
    strike(kind, {box, which, lane});
    schedule(kind);
  });
}

void Storm::trouble(const Struck& at, bool whole_box, Duration span) {
  around_.oracle.trouble(at.index, whole_box ? std::nullopt : std::optional(at.lane), now() + span + kSettles);
}

void Storm::strike(FaultKind kind, Struck at) {
  switch (kind) {
    case FaultKind::kBackend:
      return dice().chance(0.2) ? stream(at) : backend(at);
    case FaultKind::kEyes:
      return eyes(at);
    case FaultKind::kRadio:
      return radio(at);
    case FaultKind::kDisk:
      return disk(at);
    case FaultKind::kStaff:
      return operators(at);
    case FaultKind::kDevice:
      return device(at);
    case FaultKind::kClock:
      return clock(at);
    case FaultKind::kKill:
      return kill(at);
    case FaultKind::kFire:
      return fire(at);
  }
}

void Storm::backend(Struck at) {
  auto& box = at.box;
  auto& w = box.weather;
  // One that goes on is not ended by another.
  if (w.backend_down()) return;
  if (dice().chance(0.4)) {
    box.backend_away(static_cast<Outage>(dice().between(1, 3)));
    Duration span = dice().ms(2000, 300000);
    if (dice().chance(0.05))
      span = dice().chance(0.5) ? Duration{dice().ms(300000, 7200000)} : std::chrono::hours{dice().between(1, 80)};
    trouble(at, true, span);
    around_.oracle.backend_trouble(at.index, now(), now() + span + kSettles);
    around_.agenda.in(span, [&box] { box.backend_away(Outage::kNone); });
    if (dice().chance(0.15)) without_time(at, span);
    return;
  }
  w.answer_lost = 0.3 * dice().part();
  w.answer_late = 0.5 * dice().part();
  w.answer_wrong = dice().chance(0.3) ? 0.5 * dice().part() : 0;
  w.answer_doubled = 0.3 * dice().part();
  w.upload_reply_lost = 0.5 * dice().part();
  w.upload_busy = 0.2 * dice().part();
  if (dice().chance(0.3)) w.upload_forbidden = 0.3 * dice().part();
  if (dice().chance(0.3)) w.upload_culprits = 0.2 * dice().part();
  if (dice().chance(0.2)) w.upload_at_most = static_cast<std::size_t>(dice().between(1, 20));
  const auto span = dice().ms(10000, 120000);
  trouble(at, true, span);
  around_.oracle.backend_trouble(at.index, now(), now() + span + kSettles);
  around_.agenda.in(span, [&w] {
    w.answer_lost = w.answer_late = w.answer_wrong = w.answer_doubled = w.upload_reply_lost = w.upload_busy = 0;
    w.upload_forbidden = w.upload_culprits = 0;
    w.upload_at_most = 0;
  });
}

void Storm::stream(Struck at) {
  if (dice().chance(0.3)) return at.box.reset_stream();
  if (dice().chance(0.2)) return around_.air.rotate_pass_key();
  if (dice().chance(0.2)) return at.box.cut_stream();
  if (dice().chance(0.2)) return at.box.mute_stream();
  auto& w = at.box.weather;
  w.stream_doubled = 0.5 * dice().part();
  w.stream_breaks = dice().chance(0.5) ? 0.3 * dice().part() : 0;
  w.stream_slow = dice().chance(0.5);
  const auto span = dice().ms(10000, 120000);
  trouble(at, true, span);
  around_.agenda.in(span, [&w] {
    w.stream_doubled = w.stream_breaks = 0;
    w.stream_slow = false;
  });
}

/// The network takes the source of time along, and a box that keeps none of its own begins at 1970 after a power cut.
void Storm::without_time(Struck at, Duration span) {
  around_.oracle.clock_stepped(at.index, now());
  around_.oracle.radio_trouble(at.index, now() + span + kSettles);
  for (int cuts = dice().between(1, 4); cuts > 0; --cuts) {
    around_.agenda.in(std::chrono::duration_cast<Duration>(span * dice().part()), [this, at] {
      if (over_) return;
      put_down(at, true, dice().ms(300, 20000));
      at.box.set_clock(kClockAt1970, false);
    });
  }
  around_.agenda.in(span, [&box = at.box] { box.set_clock(milliseconds{0}, true); });
}

void Storm::kill(Struck at) {
  const auto span = dice().ms(300, 20000);
  put_down(at, dice().chance(0.5), span);
}

void Storm::put_down(Struck at, bool power_cut, Duration span) {
  auto& box = at.box;
  trouble(at, true, span + kAttended);
  // A passage is counted when its join gap is over, and lost with what was not on the disk.
  around_.oracle.blind(at.index, std::nullopt, box.unsafe_since() - box.longest_join_gap() - milliseconds{200},
                       now() + span + milliseconds{500}, 1);
  box.die(power_cut);
  around_.agenda.in(span, [&box] { box.start(); });
}

void Storm::disk(Struck at) {
  auto& box = at.box;
  const auto span = dice().ms(500, 60000);
  trouble(at, true, span);
  const auto kind = static_cast<DiskTrouble>(dice().between(1, kDiskTroubles));
  box.disk_trouble(kind);
  around_.agenda.in(span, [&box] { box.disk_trouble(DiskTrouble::kNone); });
  if (kind == DiskTrouble::kSyncErrs && dice().chance(0.5)) die_twice(at, span);
}

/// What one process could not sync the next one finds in the system's memory; it is gone with the power.
void Storm::die_twice(Struck at, Duration span) {
  const auto back = dice().ms(300, 3000);
  const auto killed = std::chrono::duration_cast<Duration>(span * dice().part());
  const auto cut = killed + back + dice().ms(100, 60000);
  const auto gone = dice().ms(300, 20000);
  around_.agenda.in(killed, [this, at, back] {
    if (!over_) put_down(at, false, back);
  });
  around_.agenda.in(cut, [this, at, gone] {
    if (!over_) put_down(at, true, gone);
  });
}

void Storm::heal(Box& box, std::size_t index) {
  box.weather = Weather{};
  box.disk_trouble(DiskTrouble::kNone);
  box.start();
  box.set_clock(milliseconds{0}, true);
  for (std::size_t module = 0; module < box.file().drops.size(); ++module) {
    box.hang(module, false);
    box.module(module, true);
  }
  box.fire(false);
  box.backend_away(Outage::kNone);
  for (std::size_t lane = 0; lane < box.kinds().size(); ++lane) {
    for (int eye = 0; eye < kEyes; ++eye) box.eye_fault(lane, static_cast<Eye>(eye), EyeFault::kNone);
    box.see(lane, Eye::kRelease, false);
    box.see(lane, Eye::kStaffKey, false);
    box.receiver(lane, true);
  }
  around_.oracle.trouble(index, std::nullopt, now() + kSettles);
  for (const auto verb : {StaffVerb::kReleaseHold, StaffVerb::kInService, StaffVerb::kReset})
    box.staff(verb, std::nullopt);
}

void Storm::end() {
  over_ = true;
  auto heal_all = [this] {
    for (std::size_t i = 0; i < boxes_->size(); ++i) heal(*(*boxes_)[i], i);
  };
  heal_all();
  // What was on its way still comes; then everything is healed once more, and what needs a named reset gets one.
  around_.agenda.in(std::chrono::seconds{120}, heal_all);
  around_.agenda.in(std::chrono::seconds{180}, [this] {
    for (auto& box : *boxes_) {
      box->staff(StaffVerb::kReset, std::nullopt);
      box->send_again();
    }
  });
}

}  // namespace exitgate::sim
