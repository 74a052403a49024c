// Which lines of a chip are meant. Pure: takes the chip's lines as a value.
// Errors: gpiod_line_missing, gpiod_line_ambiguous, gpiod_line_twice, gpiod_line_busy, gpiod_bias_ignored.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "hal/gpiod/settings.hpp"

namespace exitgate::hal {

/// linux/gpio.h: GPIO_V2_LINES_MAX and GPIO_MAX_NAME_SIZE (with the terminating zero).
inline constexpr std::size_t kMaxLinesPerRequest = 64;
inline constexpr std::size_t kMaxConsumerLength = 31;

/// A line as the chip describes it.
struct ChipLine {
  unsigned offset = 0;
  std::string name;  ///< empty where it has none; names need not be unique
  bool used = false;
  std::string consumer;
};

struct LineOffsets {
  std::vector<unsigned> inputs;  ///< in the order of the settings
  std::vector<unsigned> outputs;
};

/// Refuses names that no line or more than one has, offsets beyond the chip, and lines that are meant twice.
[[nodiscard]] Result<LineOffsets> resolve_lines(const GpiodSettings& settings, std::span<const ChipLine> chip);

/// Why a request of these lines was refused as busy: names line and consumer.
[[nodiscard]] Error busy_error(const std::string& chip_path, std::span<const ChipLine> chip,
                               std::span<const unsigned> offsets);

/// The label the kernel shows beside the lines, cut to what it takes.
[[nodiscard]] std::string consumer_label(const std::string& device_name);

/// "3" or "3 (EYE_X1)", for messages.
[[nodiscard]] std::string line_text(std::span<const ChipLine> chip, unsigned offset);

/// `found` is the bias the chip reports for an input that was requested with `wanted`.
[[nodiscard]] Status check_bias(const std::string& line, GpiodBias wanted, GpiodBias found);

}  // namespace exitgate::hal
