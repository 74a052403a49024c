// Turns edges and levels of input lines into changes of level. Pure.
//
// The kernel's edges are not to be trusted blindly: when its buffer is full the oldest are dropped (a gap in
// line_seqno), and the direction of an edge is read after the interrupt, so a short pulse can show the same direction
// twice (drivers/gpio/gpiolib-cdev.c, edge_irq_thread). Edges therefore only give the time; the level read after the
// edges were drained decides.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hal/ports/digital_device.hpp"

namespace exitgate::hal {

struct LineEdge {
  PortIndex input = 0;
  bool rising = false;
  MonoTime at{};                 ///< the kernel's stamp (CLOCK_MONOTONIC)
  std::uint32_t line_seqno = 0;  ///< counts the edges of one line since it was requested, from 1
};

class EdgeFold {
 public:
  explicit EdgeFold(std::size_t inputs) : lines_(inputs) {}

  /// `edges`: what was drained, those of one line in their order. `levels`: read at `read_at` or later, after draining.
  /// Returns the changes in order of time, none after `read_at`; at first the level of every input.
  [[nodiscard]] std::vector<LevelChange> fold(std::vector<LineEdge> edges, MonoTime read_at,
                                              const std::vector<bool>& levels);

  /// Edges the kernel dropped, so far.
  [[nodiscard]] std::uint64_t lost_edges() const { return lost_edges_; }

 private:
  struct Line {
    std::optional<bool> told;
    MonoTime settled_at{};  ///< what happened up to here is in `told`
    std::uint32_t seqno = 0;
  };
  void count_lost(const LineEdge& edge);

  std::vector<Line> lines_;
  std::uint64_t lost_edges_ = 0;
};

}  // namespace exitgate::hal
