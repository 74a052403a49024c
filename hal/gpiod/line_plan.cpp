#include "hal/gpiod/line_plan.hpp"

#include <algorithm>
#include <set>

namespace exitgate::hal {
namespace {

const ChipLine* line_at(std::span<const ChipLine> chip, unsigned offset) {
  const auto found = std::find_if(chip.begin(), chip.end(), [&](const auto& line) { return line.offset == offset; });
  return found == chip.end() ? nullptr : &*found;
}

Result<unsigned> resolve_name(const std::string& path, std::span<const ChipLine> chip, const std::string& name) {
  std::vector<unsigned> offsets;
  for (const auto& line : chip) {
    if (line.name == name) offsets.push_back(line.offset);
  }
  if (offsets.size() == 1) return offsets.front();
  if (offsets.empty()) {
    return fail("gpiod_line_missing", path + ": no line is called \"" + name +
                                          "\"; use a name that `gpioinfo` shows for this chip, or a number");
  }
  std::string numbers;
  for (const unsigned offset : offsets) numbers += (numbers.empty() ? "" : ", ") + std::to_string(offset);
  return fail("gpiod_line_ambiguous", path + ": lines " + numbers + " are all called \"" + name +
                                          "\"; name the one that is meant by its number");
}

Result<unsigned> resolve(const std::string& path, std::span<const ChipLine> chip, const GpiodLineId& line) {
  if (const auto* name = std::get_if<std::string>(&line)) return resolve_name(path, chip, *name);
  const unsigned offset = std::get<unsigned>(line);
  if (line_at(chip, offset) == nullptr) {
    return fail("gpiod_line_missing", path + ": found line " + std::to_string(offset) + "; the chip has " +
                                          std::to_string(chip.size()) + " lines, numbered from 0");
  }
  return offset;
}

std::string_view bias_text(GpiodBias bias) {
  switch (bias) {
    case GpiodBias::kAsIs:
      return "as-is";
    case GpiodBias::kPullUp:
      return "pull-up";
    case GpiodBias::kPullDown:
      return "pull-down";
  }
  return "unknown";
}

}  // namespace

Result<LineOffsets> resolve_lines(const GpiodSettings& settings, std::span<const ChipLine> chip) {
  LineOffsets out;
  std::set<unsigned> taken;
  const auto add = [&](const std::vector<GpiodLine>& lines, std::vector<unsigned>& into) -> Status {
    for (const auto& line : lines) {
      const auto offset = resolve(settings.chip_path, chip, line.line);
      if (!offset) return fail(offset.error());
      if (!taken.insert(*offset).second) {
        return fail("gpiod_line_twice", settings.chip_path + ": line " + line_text(chip, *offset) +
                                            " is used twice, by name and by number perhaps; use it once");
      }
      into.push_back(*offset);
    }
    return {};
  };
  if (auto added = add(settings.inputs, out.inputs); !added) return fail(added.error());
  if (auto added = add(settings.outputs, out.outputs); !added) return fail(added.error());
  return out;
}

Error busy_error(const std::string& chip_path, std::span<const ChipLine> chip, std::span<const unsigned> offsets) {
  std::string held;
  for (const unsigned offset : offsets) {
    const ChipLine* line = line_at(chip, offset);
    if (line == nullptr || !line->used) continue;
    const std::string holder = line->consumer.empty() ? "the kernel" : "\"" + line->consumer + "\"";
    held += (held.empty() ? "line " : ", line ") + line_text(chip, offset) + " by " + holder;
  }
  if (held.empty()) held = "one of the lines, by a program that has let go of it meanwhile";
  return {"gpiod_line_busy", chip_path + ": in use: " + held + "; stop what uses it, or take another line"};
}

std::string consumer_label(const std::string& device_name) {
  return ("exitgate " + device_name).substr(0, kMaxConsumerLength);
}

std::string line_text(std::span<const ChipLine> chip, unsigned offset) {
  const ChipLine* line = line_at(chip, offset);
  std::string text = std::to_string(offset);
  if (line != nullptr && !line->name.empty()) text += " (" + line->name + ")";
  return text;
}

Status check_bias(const std::string& line, GpiodBias wanted, GpiodBias found) {
  if (wanted == GpiodBias::kAsIs || wanted == found) return {};
  return fail("gpiod_bias_ignored", "line " + line + ": bias \"" + std::string(bias_text(wanted)) +
                                        "\" was asked for and is not in force; put a resistor on the line");
}

}  // namespace exitgate::hal
