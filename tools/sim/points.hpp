// Names of the simulated store, the eyes of a lane and where its points are in the box's table, how long its barrier
// travels.
#pragma once

#include "core/event.hpp"

namespace exitgate::sim {

enum class Eye : std::uint8_t { kApproach, kSafety, kExit, kLimitOpen, kLimitClosed, kPassage, kRelease, kStaffKey };
inline constexpr int kEyes = 8;

inline constexpr std::string_view kStoreName = "SEA-042";
inline constexpr PointId kPerLane = 20;
inline constexpr PointId kBarrierPoint = 10;
inline constexpr PointId kGreenPoint = 11;
inline constexpr PointId kRedPoint = 12;
inline constexpr PointId kPulsePoint = 14;
inline constexpr PointId kHoldPoint = 15;
inline constexpr PointId kFirePoint = 900;
inline constexpr Duration kTravel = milliseconds{600};
/// A module that nobody talks to lets its outputs fall.
inline constexpr Duration kDropsAfter = milliseconds{1500};

[[nodiscard]] inline PointId point_of(std::size_t lane, PointId point) {
  return static_cast<PointId>(lane * kPerLane + point);
}

}  // namespace exitgate::sim
