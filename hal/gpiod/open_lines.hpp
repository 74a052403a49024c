// The lines of a device, found and requested: inputs with edges, outputs at the level they had.
//
// Ownership: moves; destroying it gives all lines back. Thread: one. Errors: those of line_plan.hpp, gpio_chip.hpp.
#pragma once

#include <map>
#include <vector>

#include "hal/gpiod/edge_fold.hpp"
#include "hal/gpiod/gpio_chip.hpp"
#include "hal/ports/digital_device.hpp"

namespace exitgate::hal {

class OpenLines {
 public:
  /// All lines or none.
  [[nodiscard]] static Result<OpenLines> open(const GpiodSettings& settings);

  /// Descriptors that become readable with an edge, or when the chip goes. Closed with this object.
  [[nodiscard]] std::vector<int> edge_descriptors() const;
  /// What the kernel holds, at most `most`; the rest stays for the next call.
  [[nodiscard]] Result<std::vector<LineEdge>> read_edges(std::size_t most);
  /// By PortIndex.
  [[nodiscard]] Result<std::vector<bool>> read_inputs() const;
  [[nodiscard]] Result<std::vector<bool>> read_outputs() const;
  [[nodiscard]] Status write(const std::map<PortIndex, bool>& levels);
  /// Inputs whose bias is not the one that was asked for.
  [[nodiscard]] const std::vector<Error>& bias_complaints() const { return bias_complaints_; }

 private:
  [[nodiscard]] Status request(const GpioChip& chip, const GpiodSettings& settings, const LineOffsets& offsets);
  [[nodiscard]] Status look_at_bias(const GpioChip& chip, const GpiodSettings& settings,
                                    std::span<const ChipLine> lines, const LineOffsets& offsets);

  std::vector<LineRequest> inputs_;         ///< 64 lines each, in the order of the settings
  std::vector<LineRequest> outputs_;        ///< the same
  std::map<unsigned, PortIndex> input_at_;  ///< by offset
  std::vector<Error> bias_complaints_;
};

}  // namespace exitgate::hal
