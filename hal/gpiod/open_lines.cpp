#include "hal/gpiod/open_lines.hpp"

#include <algorithm>

namespace exitgate::hal {
namespace {

Result<std::vector<bool>> read_all(const std::vector<LineRequest>& requests) {
  std::vector<bool> levels;
  for (const auto& request : requests) {
    if (auto read = request.read_levels(levels); !read) return fail(read.error());
  }
  return levels;
}

/// `all` cut into spans a request may have.
template <class T>
std::vector<std::span<const T>> portions(const std::vector<T>& all) {
  std::vector<std::span<const T>> out;
  for (std::span<const T> rest(all); !rest.empty();) {
    const auto size = std::min(rest.size(), kMaxLinesPerRequest);
    out.push_back(rest.first(size));
    rest = rest.subspan(size);
  }
  return out;
}

}  // namespace

Result<OpenLines> OpenLines::open(const GpiodSettings& settings) {
  const auto chip = GpioChip::open(settings.chip_path);
  if (!chip) return fail(chip.error());
  const auto lines = chip->lines();
  if (!lines) return fail(lines.error());
  const auto offsets = resolve_lines(settings, *lines);
  if (!offsets) return fail(offsets.error());
  OpenLines out;
  if (auto requested = out.request(*chip, settings, *offsets); !requested) return fail(requested.error());
  if (auto seen = out.look_at_bias(*chip, settings, *lines, *offsets); !seen) return fail(seen.error());
  return out;
}

Status OpenLines::request(const GpioChip& chip, const GpiodSettings& settings, const LineOffsets& offsets) {
  const std::string consumer = consumer_label(settings.name);
  std::vector<InputLine> inputs;
  for (std::size_t i = 0; i < offsets.inputs.size(); ++i) {
    inputs.push_back({offsets.inputs[i], settings.inputs[i].bias});
    input_at_.emplace(offsets.inputs[i], static_cast<PortIndex>(i));
  }
  for (const auto& portion : portions(inputs)) {
    auto requested = chip.request_inputs(consumer, portion);
    if (!requested) return fail(requested.error());
    inputs_.push_back(std::move(*requested));
  }
  for (const auto& portion : portions(offsets.outputs)) {
    auto requested = chip.request_outputs(consumer, portion);
    if (!requested) return fail(requested.error());
    outputs_.push_back(std::move(*requested));
  }
  return {};
}

Status OpenLines::look_at_bias(const GpioChip& chip, const GpiodSettings& settings, std::span<const ChipLine> lines,
                               const LineOffsets& offsets) {
  for (std::size_t i = 0; i < offsets.inputs.size(); ++i) {
    if (settings.inputs[i].bias == GpiodBias::kAsIs) continue;
    const auto found = chip.bias(offsets.inputs[i]);
    if (!found) return fail(found.error());
    const auto checked = check_bias(line_text(lines, offsets.inputs[i]), settings.inputs[i].bias, *found);
    if (!checked) bias_complaints_.push_back(checked.error().within(settings.chip_path));
  }
  return {};
}

std::vector<int> OpenLines::edge_descriptors() const {
  std::vector<int> out;
  for (const auto& request : inputs_) out.push_back(request.fd());
  return out;
}

Result<std::vector<LineEdge>> OpenLines::read_edges(std::size_t most) {
  std::vector<OffsetEdge> edges;
  for (auto& request : inputs_) {
    if (auto read = request.read_edges(edges, most); !read) return fail(read.error());
  }
  std::vector<LineEdge> out;
  for (const auto& edge : edges) out.push_back({input_at_.at(edge.offset), edge.rising, edge.at, edge.line_seqno});
  return out;
}

Result<std::vector<bool>> OpenLines::read_inputs() const { return read_all(inputs_); }

Result<std::vector<bool>> OpenLines::read_outputs() const { return read_all(outputs_); }

Status OpenLines::write(const std::map<PortIndex, bool>& levels) {
  for (std::size_t number = 0; number < outputs_.size(); ++number) {
    const auto& offsets = outputs_[number].offsets();
    std::vector<OffsetLevel> mine;
    for (const auto& [output, high] : levels) {
      if (output / kMaxLinesPerRequest == number) mine.push_back({offsets.at(output % kMaxLinesPerRequest), high});
    }
    if (mine.empty()) continue;
    if (auto written = outputs_[number].write_levels(mine); !written) return written;
  }
  return {};
}

}  // namespace exitgate::hal
