// The faults of a run. Each kind comes at its own times, lasts, and is healed; end() heals all of them. Thread: one.
#pragma once

#include <memory>
#include <vector>

#include "tools/sim/crowd.hpp"

namespace exitgate::sim {

class Storm {
 public:
  using Boxes = std::vector<std::unique_ptr<Box>>;
  using Crowds = std::vector<std::unique_ptr<Crowd>>;
  Storm(Agenda& agenda, Dice& dice, const Options& options, Report& report, Boxes& boxes, Crowds& crowds)
      : agenda_(&agenda), dice_(&dice), options_(&options), report_(&report), boxes_(&boxes), crowds_(&crowds) {}

  void begin();
  void end();
  /// Something happened for which a person may be missing in the receipts, or seen twice.
  [[nodiscard]] bool blinded() const { return blinded_; }
  /// The boxes could not always hear of each other's claims.
  [[nodiscard]] bool apart() const { return apart_; }

 private:
  void schedule(FaultKind kind);
  void strike(FaultKind kind, Box& box);
  void backend(Box& box);
  void eyes(Box& box);
  void radio(Box& box);
  void disk(Box& box);
  void operators(Box& box);
  void heal(Box& box);

  Agenda* agenda_;
  Dice* dice_;
  const Options* options_;
  Report* report_;
  Boxes* boxes_;
  Crowds* crowds_;
  bool over_ = false;
  bool blinded_ = false;
  bool apart_ = false;
};

}  // namespace exitgate::sim
