#include "config/section.hpp"

#include <algorithm>
#include <sstream>

#include "config/spelling.hpp"

namespace exitgate::config {
namespace {

bool is_bare_key(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

std::string from_to(std::int64_t lowest, std::int64_t highest) {
  if (lowest == highest) return std::to_string(lowest);
  return std::to_string(lowest) + " to " + std::to_string(highest);
}

/// Short, without trailing zeros: "-75", "2.5".
std::string shown_number(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

}  // namespace

Place place_of(const toml::source_region& region) {
  if (region.begin.line == 0) return {};
  return {region.begin.line, region.begin.column};
}

std::string shown(const toml::node& node) {
  if (const auto* text = node.as_string()) return in_quotes(text->get());
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* number = node.as_floating_point()) return shown_number(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "an array";
  return "a date or time";
}

Section::Section(Report& report, const toml::table& table, std::string path)
    : report_(&report), table_(&table), path_(std::move(path)), place_(config::place_of(table.source())) {}

Place Section::place_of(std::string_view name) const {
  const toml::node* node = table_->get(name);
  return node == nullptr ? place_ : config::place_of(node->source());
}

std::string Section::key(std::string_view name) const {
  const std::string last = is_bare_key(name) ? std::string(name) : in_quotes(name);
  return path_.empty() ? last : path_ + "." + last;
}

void Section::error(std::string_view name, std::string found, std::string expected) const {
  report_->error(place_of(name), key(name), std::move(found), std::move(expected));
}

void Section::warning(std::string_view name, std::string found, std::string expected) const {
  report_->warning(place_of(name), key(name), std::move(found), std::move(expected));
}

const toml::node* Section::find(std::string_view name, Need need, const char* expected) {
  known_.emplace_back(name);
  const toml::node* node = table_->get(name);
  if (node == nullptr && need == Need::kRequired) error(name, "nothing", expected);
  return node;
}

std::optional<std::string> Section::text(std::string_view name, Need need, const char* expected) {
  const toml::node* node = find(name, need, expected);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_string();
  if (value != nullptr && !value->get().empty() && value->get().find('\0') == std::string::npos) return value->get();
  error(name, shown(*node), expected);
  return std::nullopt;
}

std::optional<ShortId> Section::id(std::string_view name, Need need) {
  constexpr const char* kExpected = "1 to 32 of the characters A-Z a-z 0-9 . _ -";
  const auto value = text(name, need, kExpected);
  if (!value) return std::nullopt;
  const auto id = ShortId::parse(*value);
  if (!id) error(name, in_quotes(*value), kExpected);
  return id;
}

bool Section::flag(std::string_view name, bool standard) {
  const toml::node* node = find(name, Need::kOptional, "");
  if (node == nullptr) return standard;
  if (const auto* value = node->as_boolean()) return value->get();
  error(name, shown(*node), "true or false");
  return standard;
}

std::int64_t Section::integer(std::string_view name, std::int64_t standard, std::int64_t lowest, std::int64_t highest) {
  const toml::node* node = find(name, Need::kOptional, "");
  if (node == nullptr) return standard;
  const auto* value = node->as_integer();
  if (value != nullptr && value->get() >= lowest && value->get() <= highest) return value->get();
  error(name, shown(*node), (lowest == highest ? "" : "a whole number from ") + from_to(lowest, highest));
  return standard;
}

double Section::number(std::string_view name, double standard, double lowest, double highest) {
  const toml::node* node = find(name, Need::kOptional, "");
  if (node == nullptr) return standard;
  const std::optional<double> value = node->is_number() ? node->value<double>() : std::nullopt;
  if (value && *value >= lowest && *value <= highest) return *value;
  error(name, shown(*node), "a number from " + shown_number(lowest) + " to " + shown_number(highest));
  return standard;
}

Duration Section::time_ms(std::string_view name, Duration standard, std::int64_t lowest, std::int64_t highest) {
  const toml::node* node = find(name, Need::kOptional, "");
  if (node == nullptr) return standard;
  const auto* value = node->as_integer();
  if (value != nullptr && value->get() >= lowest && value->get() <= highest) return milliseconds{value->get()};
  error(name, shown(*node), "milliseconds, a whole number from " + from_to(lowest, highest));
  return standard;
}

std::optional<std::size_t> Section::choose(std::string_view name, Need need, const std::vector<std::string>& names) {
  std::vector<std::string> quoted_names;
  for (const std::string& option : names) quoted_names.push_back(in_quotes(option));
  const std::string expected = listed(quoted_names);
  const auto value = text(name, need, expected.c_str());
  if (!value) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), *value);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto meant = nearest_word(*value, names);
  error(name, in_quotes(*value), meant ? expected + " (did you mean " + in_quotes(*meant) + "?)" : expected);
  return std::nullopt;
}

std::optional<Section> Section::table(std::string_view name, Need need) {
  const std::string expected = "a table [" + key(name) + "]";
  const toml::node* node = find(name, need, expected.c_str());
  if (node == nullptr) return std::nullopt;
  if (const auto* table = node->as_table()) return Section(*report_, *table, key(name));
  error(name, shown(*node), expected);
  return std::nullopt;
}

std::vector<Section> Section::tables(std::string_view name) {
  const std::string expected = "tables [[" + key(name) + "]], at least one";
  const toml::node* node = find(name, Need::kRequired, expected.c_str());
  std::vector<Section> sections;
  if (node == nullptr) return sections;
  const auto* array = node->as_array();
  if (array == nullptr || array->empty()) {
    error(name, array == nullptr ? shown(*node) : "an empty array", expected);
    return sections;
  }
  for (const toml::node& element : *array) {
    const std::string path = key(name) + "[#" + std::to_string(sections.size() + 1) + "]";
    if (const auto* table = element.as_table()) {
      sections.emplace_back(*report_, *table, path);
    } else {
      report_->error(config::place_of(element.source()), path, shown(element), "a table");
    }
  }
  return sections;
}

void Section::finish() const {
  if (accept_all_) return;
  for (const auto& [name, node] : *table_) {
    if (std::find(known_.begin(), known_.end(), name.str()) != known_.end()) continue;
    const auto meant = nearest_word(name.str(), known_);
    report_->error(config::place_of(name.source()), key(name.str()), "an unknown key",
                   meant ? in_quotes(*meant) + " (did you mean it?)" : "one of " + listed(known_));
  }
}

}  // namespace exitgate::config
