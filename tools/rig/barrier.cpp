#include "tools/rig/barrier.hpp"

#include <algorithm>

namespace exitgate::rig {
namespace {

constexpr int kMaxStored = 3;  // further pulses are lost, as on common control units
constexpr milliseconds kContact{100};

}  // namespace

bool Barrier::wants_closed(const BarrierDrive& drive, MonoTime now) {
  if (spec_.drive == Drive::kMaintained) return drive.coil_closes;
  if (drive.open_pulse && !pulse_was_ && drive.hold_open_closes) {
    stored_ = std::min(stored_ + 1, kMaxStored);
    lapses_at_ = now + spec_.unit_waits;
  }
  pulse_was_ = drive.open_pulse;
  if (now >= lapses_at_) {
    stored_ = 0;
    lapses_at_ = kNever;
  }
  return drive.hold_open_closes && stored_ == 0;
}

void Barrier::step(const BarrierDrive& drive, MonoTime now) {
  const Duration passed = stepped_ ? now - at_ : Duration{0};
  stepped_ = true;
  at_ = now;
  if (passage_contact_ && now >= contact_until_) passage_contact_ = false;
  const bool was_closing = closing_ && opening_ > 0.0;
  closing_ = wants_closed(drive, now);
  if (was_closing && !closing_) ++reopenings_;
  const Duration travel = closing_ ? spec_.close_travel : spec_.open_travel;
  const double share =
      static_cast<double>(passed.count()) / static_cast<double>(std::max<std::int64_t>(travel.count(), 1));
  opening_ = std::clamp(opening_ + (closing_ ? -share : share), 0.0, 1.0);
}

void Barrier::person_left(MonoTime now) {
  if (spec_.drive != Drive::kPulse) return;
  passage_contact_ = true;
  contact_until_ = now + kContact;
  if (stored_ == 0) return;
  --stored_;
  lapses_at_ = stored_ == 0 ? kNever : now + spec_.unit_waits;
}

}  // namespace exitgate::rig
