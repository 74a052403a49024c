#include "base/gate_clock.hpp"

#include <algorithm>
#include <chrono>

namespace exitgate {

const ClockView& GateClock::read(WallTime system_now, bool kernel_synchronised) {
  const bool trusted = trust_ == ClockTrust::kAlways || kernel_synchronised;
  const bool wrong = floor_ && system_now < *floor_;
  const bool synchronised = trusted && !wrong;
  if (synchronised) floor_ = floor_ ? std::max(*floor_, system_now) : system_now;
  view_ = ClockView{.now = system_now,
                    .judging = synchronised || !floor_ ? system_now : *floor_,
                    .synchronised = synchronised,
                    .wrong = wrong,
                    .floor = floor_};
  return view_;
}

void GateClock::backend_date(WallTime date) {
  if (!floor_ || date > *floor_ || date < *floor_ - std::chrono::hours{1}) floor_ = date;
}

}  // namespace exitgate
