// What the driver `gpiochip` is told: which chip, which of its lines.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"

namespace exitgate::hal {

/// A line by its name on this chip, or by its offset.
using GpiodLineId = std::variant<std::string, unsigned>;

enum class GpiodBias : std::uint8_t { kAsIs, kPullUp, kPullDown };

struct GpiodLine {
  GpiodLineId line;
  GpiodBias bias = GpiodBias::kAsIs;  ///< inputs only
};

struct GpiodSettings {
  std::string name;       ///< of the device: part of the label the kernel shows beside its lines
  std::string chip_path;  ///< "/dev/gpiochip0", or a link to it
  std::vector<GpiodLine> inputs;
  std::vector<GpiodLine> outputs;
  Duration poll = milliseconds{20};  ///< levels are read at least this often, whether or not edges come
  /// Told on the loop's thread what does not take the device down (lost edges, a bias that was not taken, another
  /// reason of a chip that stays away): each once until it is up again. May be empty.
  std::function<void(const Error&)> notice;
};

}  // namespace exitgate::hal
