#include "tools/rig/toml_fields.hpp"

#include <algorithm>
#include <sstream>

namespace exitgate::rig {
namespace {

std::string shown(const toml::node& node) {
  std::ostringstream text;
  node.visit([&text](const auto& value) {
    using Value = std::decay_t<decltype(value)>;
    if constexpr (toml::is_table<Value>) {
      text << "a table";
    } else if constexpr (toml::is_array<Value>) {
      text << "an array";
    } else {
      text << value;
    }
  });
  return text.str();
}

}  // namespace

void Findings::add(const toml::source_region& at, const std::string& key, const std::string& what) {
  std::ostringstream line;
  line << file << ':' << at.begin.line << ':' << at.begin.column << ": error: " << key << ": " << what;
  lines.push_back(line.str());
}

TomlFields::TomlFields(const toml::table& table, std::string name, Findings& findings)
    : table_(table), name_(std::move(name)), findings_(findings) {}

TomlFields::~TomlFields() {
  for (const auto& [key, node] : table_) {
    if (!known_.contains(key.str()))
      findings_.add(key.source(), path(key.str()), "found a key that is not known; see docs/rig.md");
  }
}

std::string TomlFields::path(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

const toml::node* TomlFields::find(std::string_view key) {
  known_.emplace(key);
  return table_.get(key);
}

void TomlFields::complain(std::string_view key, const std::string& what) {
  const toml::node* const node = table_.get(key);
  findings_.add(node != nullptr ? node->source() : table_.source(), path(key), what);
}

std::string TomlFields::required_text(std::string_view key) {
  if (find(key) == nullptr) complain(key, "found nothing; expected a text");
  return text(key);
}

std::string TomlFields::text(std::string_view key, std::string fallback) {
  const toml::node* const node = find(key);
  if (node == nullptr) return fallback;
  const auto value = node->value_exact<std::string>();
  if (!value || value->empty()) {
    complain(key, "found " + shown(*node) + "; expected a text");
    return fallback;
  }
  return *value;
}

std::vector<std::string> TomlFields::texts(std::string_view key) {
  const toml::node* const node = find(key);
  std::vector<std::string> found;
  if (node == nullptr) return found;
  if (const toml::array* const array = node->as_array()) {
    for (const auto& element : *array) {
      if (const auto value = element.value_exact<std::string>()) found.push_back(*value);
    }
    if (found.size() == array->size()) return found;
  } else if (const auto value = node->value_exact<std::string>()) {
    return {*value};
  }
  complain(key, "found " + shown(*node) + "; expected a text or an array of texts");
  return {};
}

std::optional<std::int64_t> TomlFields::integer(std::string_view key, std::int64_t low, std::int64_t high) {
  const toml::node* const node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::int64_t>();
  if (value && *value >= low && *value <= high) return value;
  complain(key, "found " + shown(*node) + "; expected a whole number from " + std::to_string(low) + " to " +
                    std::to_string(high));
  return std::nullopt;
}

std::optional<double> TomlFields::number(std::string_view key, double low, double high) {
  const toml::node* const node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (value && *value >= low && *value <= high) return value;
  std::ostringstream range;
  range << low << " to " << high;
  complain(key, "found " + shown(*node) + "; expected a number from " + range.str());
  return std::nullopt;
}

bool TomlFields::flag(std::string_view key, bool fallback) {
  const toml::node* const node = find(key);
  if (node == nullptr) return fallback;
  const auto value = node->value_exact<bool>();
  if (!value) complain(key, "found " + shown(*node) + "; expected true or false");
  return value.value_or(fallback);
}

std::optional<Duration> TomlFields::seconds(std::string_view key) {
  const auto value = number(key, 0, 86400);
  if (!value) return std::nullopt;
  return Duration{static_cast<std::int64_t>(*value * 1e6)};
}

std::optional<std::size_t> TomlFields::choice(std::string_view key, const std::vector<std::string_view>& names) {
  const toml::node* const node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::string>();
  const auto found = value ? std::find(names.begin(), names.end(), *value) : names.end();
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string all;
  for (const auto name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  complain(key, "found " + shown(*node) + "; expected one of " + all);
  return std::nullopt;
}

const toml::table* TomlFields::table(std::string_view key) {
  const toml::node* const node = find(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) complain(key, "found " + shown(*node) + "; expected a table");
  return node->as_table();
}

std::vector<const toml::table*> TomlFields::tables(std::string_view key) {
  const toml::node* const node = find(key);
  std::vector<const toml::table*> found;
  if (node == nullptr) return found;
  if (const toml::array* const array = node->as_array()) {
    for (const auto& element : *array) {
      if (element.as_table() != nullptr) found.push_back(element.as_table());
    }
    if (found.size() == array->size()) return found;
  }
  complain(key, "found " + shown(*node) + "; expected an array of tables");
  return {};
}

}  // namespace exitgate::rig
