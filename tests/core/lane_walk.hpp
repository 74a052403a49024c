// A random walk of a box under virtual time: one seed draws people, carts, answers, broken disks and devices, alarms
// and staff. A judge that knows only what was written and what was set looks at every turn.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "lane_world.hpp"

namespace exitgate::test {

struct WalkOptions {
  std::vector<LaneOptions> lanes;
  std::uint32_t seed = 1;
  int moves = 600;
  /// Every lane is run in every turn, whether it asked for it or not.
  bool run_all_lanes_always = false;
};

class LaneWalk {
 public:
  explicit LaneWalk(WalkOptions options);
  /// The walk, then a calm in which everything heals. What was found wrong, "" if nothing.
  std::string run();
  /// All public events with their times; without receipt ids, which count up with every question asked ahead.
  [[nodiscard]] std::vector<std::string> log() const;
  LaneWorld world;

 private:
  struct LaneSeen {
    bool safety_before = false;  ///< set at least a turn ago
    bool coil_open = true;       ///< as last written
    bool fully_closed = false;   ///< reached its closed limit since it was last written closed
    int blocked_turns = 0;
    int released_turns = 0;
  };
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint32_t>(below)); }
  void move();
  void move_person(std::size_t lane);
  void move_radio(std::size_t lane);
  void move_staff(std::size_t lane);
  void move_trouble();
  void set(std::size_t lane, Point point, bool active);
  [[nodiscard]] bool is_set(std::size_t lane, Point point) const;
  void turn(Duration span);
  void judge_turn();
  void judge_writes(std::size_t lane);
  void judge_lane(std::size_t lane);
  void calm();
  void judge_end();
  void found(std::string what);

  WalkOptions options_;
  std::mt19937 random_;
  std::map<PointId, bool> points_;
  std::vector<LaneSeen> seen_;
  std::size_t writes_seen_ = 0;
  std::size_t events_seen_ = 0;
  int device_turns_ = 0;  ///< it has answered for; below zero: has been silent for
  bool device_ = true;
  bool fire_ = false;
  int answer_ = 0;
  std::string wrong_;
};

}  // namespace exitgate::test
