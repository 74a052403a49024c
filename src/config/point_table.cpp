#include "config/point_table.hpp"

#include <algorithm>
#include <charconv>

#include "config/spelling.hpp"

namespace exitgate::config {
namespace {

std::optional<std::uint16_t> parse_number(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

/// One text for each point of a device, however it was written.
std::string canonical(const PointAddress& address) {
  if (const auto* discrete = std::get_if<DiscreteAddress>(&address))
    return "discrete/" + std::to_string(discrete->number);
  if (const auto* coil = std::get_if<CoilAddress>(&address)) return "coil/" + std::to_string(coil->number);
  if (const auto* line = std::get_if<LineOffset>(&address)) return std::to_string(line->offset);
  return std::get<LineName>(address).name;
}

}  // namespace

void PointTable::complain(const WrittenPoint& written, std::string expected) {
  report_.error(written.place, written.key, in_quotes(written.text), std::move(expected));
}

std::optional<DeviceId> PointTable::find_device(std::string_view name, const WrittenPoint& written,
                                                const std::string& expected) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    if (devices_[i].device.name.view() == name && !name.empty()) return static_cast<DeviceId>(i);
    if (!devices_[i].device.name.empty()) names.push_back(devices_[i].device.name.str());
  }
  const auto meant = nearest_word(name, names);
  complain(written, meant ? expected + " (did you mean " + in_quotes(*meant) + "?)" : expected);
  return std::nullopt;
}

std::optional<PointAddress> PointTable::parse_register(const WrittenPoint& written, std::string_view rest,
                                                       bool output) {
  const std::string device = written.text.substr(0, written.text.find('/'));
  const std::string form = output ? in_quotes(device + "/coil/N") : in_quotes(device + "/discrete/N");
  const bool coil = rest.starts_with("coil/");
  const bool discrete = rest.starts_with("discrete/");
  const auto number = coil || discrete ? parse_number(rest.substr(rest.find('/') + 1)) : std::nullopt;
  if (!number) {
    complain(written, form + " with N from 0 to 65535");
    return std::nullopt;
  }
  if (coil != output) {
    complain(written, form + (coil ? ": a coil is an output" : ": a discrete is an input"));
    return std::nullopt;
  }
  if (coil) return CoilAddress{*number};
  return DiscreteAddress{*number};
}

std::optional<PointAddress> PointTable::parse_line(const WrittenPoint& written, std::string_view rest) {
  // linux/gpio.h: GPIO_MAX_NAME_SIZE is 32 with the terminating zero.
  constexpr std::size_t kLongestName = 31;
  const bool digits = std::all_of(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    if (const auto offset = parse_number(rest)) return LineOffset{*offset};
  } else if (rest.size() <= kLongestName) {
    return LineName{std::string(rest)};
  }
  complain(written, "a line by its name (at most 31 characters) or by its number");
  return std::nullopt;
}

std::optional<PointTable::Located> PointTable::locate(const WrittenPoint& written, bool output) {
  const std::string_view text = written.text;
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
    complain(written, "a point: \"DEVICE/discrete/N\", \"DEVICE/coil/N\" or \"DEVICE/LINE\"");
    return std::nullopt;
  }
  const auto id = find_device(text.substr(0, slash), written, "a point of a [[device]]");
  if (!id) return std::nullopt;
  DeviceDraft& draft = devices_[*id];
  draft.used = true;
  if (!draft.driver_valid) return std::nullopt;
  if (is_receiver_driver(draft.device.driver) || draft.used_as_receiver) {
    complain(written, "a point of a device with inputs and outputs: " + draft.device.name.str() + " is a receiver");
    return std::nullopt;
  }
  const std::string_view rest = text.substr(slash + 1);
  const bool gpio = std::holds_alternative<GpioChip>(draft.device.driver);
  auto address = gpio ? parse_line(written, rest) : parse_register(written, rest, output);
  if (!address) return Located{*id, LineName{}};
  return Located{*id, std::move(*address)};
}

bool PointTable::claim(const WrittenPoint& written, const Located& located) {
  const std::pair key(located.device, canonical(located.address));
  if (key.second.empty()) return false;
  const auto [use, fresh] = uses_.try_emplace(key, written.use, written.place.line);
  if (!fresh) {
    report_.error(written.place, written.key,
                  in_quotes(written.text) + ", already used by " + use->second.first + " in line " +
                      std::to_string(use->second.second),
                  "a point of its own");
    return false;
  }
  return true;
}

BoundPoint PointTable::add_input(const WrittenPoint& written, bool active_high, Bias bias) {
  auto located = locate(written, false);
  if (!located) return {};
  if (!claim(written, *located)) return {0, located->device};
  auto& inputs = devices_[located->device].device.inputs;
  points_.push_back(
      {located->device, false, static_cast<std::uint16_t>(inputs.size()), active_high, written.text, written.use});
  inputs.push_back({std::move(located->address), bias});
  return {static_cast<PointId>(points_.size() - 1), located->device};
}

BoundPoint PointTable::add_output(const WrittenPoint& written) {
  auto located = locate(written, true);
  if (!located) return {};
  if (!claim(written, *located)) return {0, located->device};
  auto& outputs = devices_[located->device].device.outputs;
  points_.push_back(
      {located->device, true, static_cast<std::uint16_t>(outputs.size()), true, written.text, written.use});
  outputs.push_back({std::move(located->address)});
  return {static_cast<PointId>(points_.size() - 1), located->device};
}

}  // namespace exitgate::config
