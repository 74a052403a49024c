// One lane of the physical world: a barrier, three eyes, and the people and carts that walk through it.
// Pure: outputs of the module and the time go in, levels of eyes and contacts come out. Steps of at most 100 ms.
#pragma once

#include <string>
#include <vector>

#include "tools/rig/barrier.hpp"
#include "tools/rig/walker.hpp"

namespace exitgate::rig {

struct Lamps {
  bool green = false;
  bool red = false;
  bool buzzer = false;
};

/// As meant: true = active. Polarity is the wiring's.
struct LaneSignals {
  bool approach = false;
  bool safety = false;
  bool exit = false;
  bool passage = false;
  bool barrier_open = false;
  bool barrier_closed = false;
  bool release = false;
  bool staff_key = false;
};

/// Somebody outside who reaches into the swept area as soon as the barrier begins to close.
struct Reach {
  std::string shopper;
  Duration lasts{milliseconds{1200}};
  std::optional<MonoTime> began_at;
  bool ended = false;
  int reopenings_before = 0;
  bool reopened = false;  ///< the barrier gave way
};

class LaneModel {
 public:
  explicit LaneModel(BarrierSpec barrier = {}, LaneGeometry geometry = {}) : barrier_(barrier), geometry_(geometry) {}

  /// Those who entered before are ahead in line; a walker that would start within another starts behind it.
  void enter(const WalkerSpec& spec, MonoTime now);
  void reach_in(const std::string& shopper, Duration lasts);
  void press_release(bool pressed) { release_ = pressed; }
  void turn_staff_key(bool on) { staff_key_ = on; }

  LaneSignals step(const BarrierDrive& drive, const Lamps& lamps, MonoTime now);

  [[nodiscard]] const Barrier& barrier() const { return barrier_; }
  [[nodiscard]] const LaneGeometry& geometry() const { return geometry_; }
  [[nodiscard]] const Lamps& lamps() const { return lamps_; }
  [[nodiscard]] const LaneSignals& signals() const { return signals_; }
  /// In order of entering, those who are gone included.
  [[nodiscard]] const std::vector<Walker>& walkers() const { return walkers_; }
  [[nodiscard]] const std::vector<Reach>& reaches() const { return reaches_; }
  /// The barrier closed on somebody: must never be.
  [[nodiscard]] int struck() const { return struck_; }
  [[nodiscard]] bool empty() const;
  /// Drops the record of those who are gone, once nobody is there.
  void forget();

 private:
  void walk_out(std::size_t index, double step_m, MonoTime now);
  void walk_in(Walker& walker, double step_m);
  void walk_back(Walker& walker, double step_m) const;
  void note_waiting(Walker& walker, MonoTime now);
  void step_reaches(MonoTime now);
  [[nodiscard]] bool blocked(double from_m, double to_m) const;
  [[nodiscard]] LaneSignals read_signals() const;

  Barrier barrier_;
  LaneGeometry geometry_;
  std::vector<Walker> walkers_;
  std::vector<Reach> reaches_;
  Lamps lamps_;
  LaneSignals signals_;
  MonoTime at_{};
  bool stepped_ = false;
  bool release_ = false;
  bool staff_key_ = false;
  bool striking_ = false;
  int struck_ = 0;
};

}  // namespace exitgate::rig
