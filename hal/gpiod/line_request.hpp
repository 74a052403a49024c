// Lines requested from a chip, at most 64: reads levels and edges, writes outputs. A thin adapter of libgpiod 2.
//
// Ownership: moves; destroying it gives the lines back to the kernel. Thread: one; nothing waits for the far side (an
// I2C expander takes its wire time). Errors: gpiod_lost, when the chip is gone or refuses.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"

struct gpiod_line_request;
struct gpiod_edge_event_buffer;

namespace exitgate::hal {

/// CLOCK_MONOTONIC, as the kernel stamps edges.
[[nodiscard]] MonoTime gpiod_now();

/// An error with errno as it is now. `doing` is as in "reading levels".
[[nodiscard]] Error gpiod_lost(const std::string& chip_path, const std::string& doing);

/// As the kernel tells it: the line by its offset on the chip.
struct OffsetEdge {
  unsigned offset = 0;
  bool rising = false;
  MonoTime at{};
  std::uint32_t line_seqno = 0;
};

struct OffsetLevel {
  unsigned offset = 0;
  bool high = false;
};

class LineRequest {
 public:
  LineRequest(std::string chip_path, gpiod_line_request* request, std::vector<unsigned> offsets);

  [[nodiscard]] int fd() const;
  [[nodiscard]] const std::vector<unsigned>& offsets() const { return offsets_; }
  /// Readable without waiting: read_edges() then never blocks.
  [[nodiscard]] Status make_nonblocking();
  /// Appends the levels, in the order of offsets().
  [[nodiscard]] Status read_levels(std::vector<bool>& levels) const;
  /// One call into the kernel for all; every line is of this request.
  [[nodiscard]] Status write_levels(std::span<const OffsetLevel> levels);
  /// Appends what the kernel's buffer holds, until it is empty or `edges` has `most`. Needs make_nonblocking().
  [[nodiscard]] Status read_edges(std::vector<OffsetEdge>& edges, std::size_t most);
  /// From as-is to output, each at the level given: nothing changes at a line that has it already.
  [[nodiscard]] Status become_outputs(const std::vector<bool>& levels);

 private:
  struct Release {
    void operator()(gpiod_line_request* request) const;
    void operator()(gpiod_edge_event_buffer* buffer) const;
  };
  std::string chip_path_;
  std::unique_ptr<gpiod_line_request, Release> request_;
  std::unique_ptr<gpiod_edge_event_buffer, Release> buffer_;
  std::vector<unsigned> offsets_;
};

}  // namespace exitgate::hal
