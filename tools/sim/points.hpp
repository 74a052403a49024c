// Names of the simulated store, where a lane's points are in the box's table, how long its barrier travels.
#pragma once

#include "core/event.hpp"

namespace exitgate::sim {

inline constexpr std::string_view kStoreName = "SEA-042";
inline constexpr PointId kPerLane = 20;
inline constexpr PointId kBarrierPoint = 10;
inline constexpr PointId kGreenPoint = 11;
inline constexpr PointId kRedPoint = 12;
inline constexpr PointId kPulsePoint = 14;
inline constexpr PointId kHoldPoint = 15;
inline constexpr PointId kFirePoint = 900;
inline constexpr DeviceId kIo = 0;
inline constexpr Duration kTravel = milliseconds{600};

[[nodiscard]] inline PointId point_of(std::size_t lane, PointId point) {
  return static_cast<PointId>(lane * kPerLane + point);
}

}  // namespace exitgate::sim
