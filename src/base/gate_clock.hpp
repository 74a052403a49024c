// The gate's idea of wall time (beacon contract, "Clock"). Pure: readings go in, a view comes out.
// The floor is the highest wall time ever seen while synchronised, or in the Date of an authenticated backend answer;
// it is durable (the owner stores floor() and gives it back at start).
#pragma once

#include <optional>

#include "base/wall_time.hpp"

namespace exitgate {

enum class ClockTrust : unsigned char { kKernel, kAlways };

struct ClockView {
  WallTime now{};            ///< the gate's clock as it stands: stamps records
  WallTime judging{};        ///< what expiries are judged against: `now` synchronised, the floor otherwise
  bool synchronised = false; ///< kernel says so (or trust is "always") and the clock is not before the floor
  bool wrong = false;        ///< before the floor: fault clock_wrong
  std::optional<WallTime> floor;
};

class GateClock {
 public:
  explicit GateClock(ClockTrust trust, std::optional<WallTime> durable_floor = std::nullopt)
      : trust_(trust), floor_(durable_floor) {}

  /// Takes one reading of the system clock. Call it before each use of view().
  const ClockView& read(WallTime system_now, bool kernel_synchronised);
  /// The Date of an authenticated backend answer: raises the floor; replaces it when over 1 h before it.
  void backend_date(WallTime date);
  [[nodiscard]] const ClockView& view() const { return view_; }
  [[nodiscard]] std::optional<WallTime> floor() const { return floor_; }

 private:
  ClockTrust trust_;
  std::optional<WallTime> floor_;
  ClockView view_;
};

}  // namespace exitgate
