// The faults of a run. Each kind comes at its own times, lasts, and is healed; end() heals all of them. Thread: one.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "tools/sim/crowd.hpp"

namespace exitgate::sim {

/// After a fault has ended shoppers may wait this much longer.
inline constexpr Duration kSettles = std::chrono::seconds{20};
/// How often somebody looks what the lanes say of themselves.
inline constexpr Duration kRound = std::chrono::seconds{60};
/// Four attempts to close, then the next round.
inline constexpr Duration kAttended = kRound + std::chrono::seconds{45};

/// What a clock without a battery says at a boot is so far from what is right now.
inline constexpr std::chrono::hours kClockAt1970{-24 * 365 * 56};

class Storm {
 public:
  using Boxes = std::vector<std::unique_ptr<Box>>;
  using Crowds = std::vector<std::unique_ptr<Crowd>>;
  Storm(Surroundings around, Boxes& boxes, Crowds& crowds) : around_(around), boxes_(&boxes), crowds_(&crowds) {}

  void begin();
  void end();

 private:
  struct Struck {
    Box& box;
    std::size_t index;
    std::size_t lane;
  };
  void schedule(FaultKind kind);
  void make_rounds();
  void look_at(Struck at);
  void strike(FaultKind kind, Struck at);
  void backend(Struck at);
  void stream(Struck at);
  void eyes(Struck at);
  void flicker(Struck at, Eye eye);
  void device(Struck at);
  void radio(Struck at);
  void clock(Struck at);
  void kill(Struck at);
  void put_down(Struck at, bool power_cut, Duration span);
  void without_time(Struck at, Duration span);
  void disk(Struck at);
  void die_twice(Struck at, Duration span);
  void fire(Struck at);
  void operators(Struck at);
  void mode(Struck at);
  void hold(Struck at, StaffVerb verb, StaffVerb back);
  void take_back(Struck at, StaffVerb back);
  void heal(Box& box, std::size_t index);
  void trouble(const Struck& at, bool whole_box, Duration span);
  [[nodiscard]] Dice& dice() { return around_.dice; }
  [[nodiscard]] MonoTime now() const { return around_.agenda.now(); }

  Surroundings around_;
  Boxes* boxes_;
  Crowds* crowds_;
  std::map<std::pair<std::size_t, std::size_t>, int> holds_;  ///< by box and lane, what staff mean to last
  bool over_ = false;
};

}  // namespace exitgate::sim
