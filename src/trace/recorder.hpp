// The bounded trace of a running controller: the state it began from, and every step since, as values.
//
// Purpose: the controller is a function of its state, the events, the times and the identifiers it was given; these are
// kept here, and the commands that came of each step, so that a replay can be compared. Ownership: owns what it keeps;
// the source of identifiers outlives it, the controller is copied when a start is taken. Thread: one (the loop's); a
// Recording shares immutable blocks and may go to another thread. Errors: none; what can't be kept is not.
// Timing: begin() and end() copy an event and its commands (docs/performance.md); a start, taken while nobody is in a
// lane wherever the bound allows it, copies the controller. Bounds: Bounds, of steps; beside these up to three copies
// of the controller's state, which has bounds of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/controller.hpp"

namespace exitgate::trace {

struct Step {
  Event event;
  Now now;
  std::vector<Uuid> ids;  ///< that the controller drew in it
  std::vector<Command> commands;
};

struct Block {
  std::shared_ptr<const Controller> start;  ///< the state before its first step; nothing: goes on from the block before
  std::vector<Step> steps;
  std::size_t bytes = 0;
};

/// Of a full bound between a quarter and all is kept: the older half or more goes at once, up to the next start.
/// A run of steps without a gap; the first block has a start. Empty: nothing was kept.
using Recording = std::vector<std::shared_ptr<const Block>>;
[[nodiscard]] std::size_t steps_of(const Recording& recording);

struct Bounds {
  std::size_t steps = 50000;
  std::size_t bytes = std::size_t{16} << 20U;
};

class Recorder final : public IdSource {
 public:
  explicit Recorder(IdSource& ids, Bounds bounds = {}) : ids_(&ids), bounds_(bounds) {}

  /// Gives the controller its identifiers, and remembers those of a step.
  Uuid next(WallTime at) override;

  /// Before a step and after it.
  void begin(const Controller& controller, const Event& event, const Now& now);
  void end(const std::vector<Command>& commands);

  /// What is kept up to now.
  [[nodiscard]] Recording recording() const;
  [[nodiscard]] std::size_t steps() const { return steps_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  [[nodiscard]] bool start_due(const Controller& controller) const;
  void open_block(std::shared_ptr<const Controller> start);
  void keep_within_bounds();

  IdSource* ids_;
  Bounds bounds_;
  std::deque<std::shared_ptr<Block>> blocks_;  ///< the last one is being filled; empty: waits for a start
  std::size_t steps_ = 0;
  std::size_t bytes_ = 0;
  std::size_t steps_since_start_ = 0;
  std::size_t bytes_since_start_ = 0;
  bool in_step_ = false;
};

}  // namespace exitgate::trace
