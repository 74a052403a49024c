// One person, or one cart with the person who pushes it, on a lane's walking axis. Pure values and rules.
// Axis: metres along the way out; the barrier stands at 0, the shop is at negative, the way out at positive places.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::rig {

/// Where the eyes look and where people stop. Process eyes before, in and behind the swept area.
struct LaneGeometry {
  double approach_from_m = -1.60;
  double approach_to_m = -0.25;
  double safety_from_m = -0.20;
  double safety_to_m = 0.60;
  double exit_from_m = 0.80;
  double exit_to_m = 0.85;
  double stop_line_m = -0.35;      ///< where people wait before a closed barrier
  double wrong_way_line_m = 1.15;  ///< where somebody from outside waits
  double ends_m = 5.0;             ///< out of sight, either way
};

/// A part of a walker that eyes see: from `behind_m + length_m` behind the front to `behind_m` behind it.
struct Body {
  double behind_m = 0;
  double length_m = 0.35;
};

enum class Way : std::uint8_t { kOut, kIn };

struct WalkerSpec {
  std::string shopper;  ///< whose walker it is
  std::vector<Body> bodies{Body{}};
  double start_m = -5.0;
  double speed_mps = 1.2;
  double gap_m = 0.8;  ///< kept to the walker ahead
  Way way = Way::kOut;
  Duration patience{std::chrono::seconds{40}};  ///< waits so long before a closed barrier, then turns back
};

/// A cart (0.9 m) and its pusher, at the pace of somebody with a full cart.
[[nodiscard]] WalkerSpec cart_with_pusher(std::string shopper);
[[nodiscard]] WalkerSpec person(std::string shopper);
/// Comes in by the way out.
[[nodiscard]] WalkerSpec person_coming_in(std::string shopper);

struct Walker {
  WalkerSpec spec;
  double front_m = 0;  ///< its foremost point in its direction of walking
  bool turned_back = false;
  bool gone = false;
  MonoTime entered_at{};
  std::optional<MonoTime> waiting_since;      ///< stands at the stop line before a barrier that is not open
  std::optional<MonoTime> red_since;          ///< sees red now, the barrier fully closed
  std::optional<MonoTime> red_while_waiting;  ///< refused: saw that for 300 ms
  std::optional<MonoTime> green_since;        ///< the barrier was open for it
  std::optional<MonoTime> through_at;         ///< all of it left the barrier and the exit eye behind
  Duration longest_wait{0};

  [[nodiscard]] double tail_m() const;  ///< its last point
  /// Covers some place between the two.
  [[nodiscard]] bool covers(double from_m, double to_m) const;
};

}  // namespace exitgate::rig
