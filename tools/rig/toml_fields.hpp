// Reads the keys of one TOML table and notes everything that is wrong, with its place. Only for scenario_reader*.cpp:
// it brings in toml++.
#pragma once

#include <toml++/toml.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::rig {

struct Findings {
  std::string file;
  std::vector<std::string> lines;
  void add(const toml::source_region& at, const std::string& key, const std::string& what);
};

class TomlFields {
 public:
  /// `name` goes before the keys in findings, e.g. "shopper[2]".
  TomlFields(const toml::table& table, std::string name, Findings& findings);
  /// Unknown keys are findings: a misspelt expectation must not silently expect nothing.
  ~TomlFields();
  TomlFields(const TomlFields&) = delete;
  TomlFields& operator=(const TomlFields&) = delete;

  std::string required_text(std::string_view key);
  std::string text(std::string_view key, std::string fallback = {});
  /// One text or several.
  std::vector<std::string> texts(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
  std::optional<double> number(std::string_view key, double low, double high);
  bool flag(std::string_view key, bool fallback);
  /// Seconds, with fractions.
  std::optional<Duration> seconds(std::string_view key);
  /// The index of the text among `names`.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& names);
  const toml::table* table(std::string_view key);
  std::vector<const toml::table*> tables(std::string_view key);
  /// Any value; noted as known.
  const toml::node* find(std::string_view key);
  void complain(std::string_view key, const std::string& what);
  [[nodiscard]] std::string path(std::string_view key) const;

 private:
  const toml::table& table_;
  std::string name_;
  Findings& findings_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace exitgate::rig
