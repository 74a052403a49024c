// An open chip: tells its lines and lends them. A thin adapter of libgpiod 2.
//
// Errors: gpiod_open, gpiod_line_busy, gpiod_request, gpiod_lost. Timing: none of the calls waits for the far side.
// Requests outlive the chip they came from.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hal/gpiod/line_plan.hpp"
#include "hal/gpiod/line_request.hpp"

struct gpiod_chip;
struct gpiod_line_config;

namespace exitgate::hal {

struct InputLine {
  unsigned offset = 0;
  GpiodBias bias = GpiodBias::kAsIs;
};

class GpioChip {
 public:
  [[nodiscard]] static Result<GpioChip> open(const std::string& path);

  [[nodiscard]] Result<std::vector<ChipLine>> lines() const;
  /// The bias the kernel says is in force. It repeats what was asked for even of a driver that can't set any: only a
  /// bias that was changed or refused openly shows.
  [[nodiscard]] Result<GpiodBias> bias(unsigned offset) const;
  /// At most 64 lines, both edges, stamped with CLOCK_MONOTONIC, no debouncing (the kernel would stamp its end).
  [[nodiscard]] Result<LineRequest> request_inputs(const std::string& consumer, std::span<const InputLine> lines) const;
  /// At most 64 lines; each keeps the level it has: it is read before the line is driven.
  [[nodiscard]] Result<LineRequest> request_outputs(const std::string& consumer,
                                                    std::span<const unsigned> offsets) const;

 private:
  struct Close {
    void operator()(gpiod_chip* chip) const;
  };
  GpioChip(std::string path, gpiod_chip* chip);
  [[nodiscard]] Result<LineRequest> request(const std::string& consumer, gpiod_line_config* config,
                                            std::vector<unsigned> offsets) const;

  std::string path_;
  std::unique_ptr<gpiod_chip, Close> chip_;
};

}  // namespace exitgate::hal
