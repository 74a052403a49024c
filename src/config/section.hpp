// One table of a store file while it is read: every question about a key marks it as known, reports what is wrong with
// its value at its place, and answers with a default, so that reading goes on and all mistakes are found at once.
// finish() reports the keys nobody asked for. Private to config/: the only header with toml++ in it.
#pragma once

#include <toml++/toml.h>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "config/report.hpp"

namespace exitgate::config {

enum class Need : std::uint8_t { kOptional, kRequired };

template <class T>
struct Option {
  std::string_view name;
  T value;
};

[[nodiscard]] Place place_of(const toml::source_region& region);
/// A value as `found` shows it: "text" in quotes, numbers as they are, "a table".
[[nodiscard]] std::string shown(const toml::node& node);

class Section {
 public:
  /// `path` is the table's key with its tables, empty for the whole file.
  Section(Report& report, const toml::table& table, std::string path);

  [[nodiscard]] Report& report() const { return *report_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  void rename(std::string path) { path_ = std::move(path); }
  [[nodiscard]] Place place() const { return place_; }
  /// Of the key's value, or of the table where there is none.
  [[nodiscard]] Place place_of(std::string_view name) const;
  [[nodiscard]] std::string key(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return table_->contains(name); }

  [[nodiscard]] const toml::node* find(std::string_view name, Need need, const char* expected);
  [[nodiscard]] std::optional<std::string> text(std::string_view name, Need need, const char* expected = "a string");
  [[nodiscard]] std::optional<ShortId> id(std::string_view name, Need need);
  [[nodiscard]] bool flag(std::string_view name, bool standard);
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t standard, std::int64_t lowest,
                                     std::int64_t highest);
  [[nodiscard]] double number(std::string_view name, double standard, double lowest, double highest);
  [[nodiscard]] Duration time_ms(std::string_view name, Duration standard, std::int64_t lowest = 0,
                                 std::int64_t highest = 600'000);
  template <class T, std::size_t N>
  [[nodiscard]] std::optional<T> choice(std::string_view name, Need need, const Option<T> (&options)[N]) {
    std::vector<std::string> names;
    for (const Option<T>& option : options) names.emplace_back(option.name);
    const auto chosen = choose(name, need, names);
    return chosen ? std::optional<T>(options[*chosen].value) : std::nullopt;
  }
  [[nodiscard]] std::optional<Section> table(std::string_view name, Need need);
  [[nodiscard]] std::vector<Section> tables(std::string_view name);

  void error(std::string_view name, std::string found, std::string expected) const;
  void warning(std::string_view name, std::string found, std::string expected) const;
  void finish() const;
  /// Marks every key as known: where it cannot be told which keys belong.
  void accept_all_keys() { accept_all_ = true; }

 private:
  [[nodiscard]] std::optional<std::size_t> choose(std::string_view name, Need need,
                                                  const std::vector<std::string>& names);

  Report* report_;
  const toml::table* table_;
  std::string path_;
  Place place_;
  std::vector<std::string> known_;
  bool accept_all_ = false;
};

}  // namespace exitgate::config
