// Gathers the findings of one store file. Private to config/.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "config/finding.hpp"
#include "config/spelling.hpp"

namespace exitgate::config {

struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void error(Place place, std::string_view key, std::string_view found, std::string_view expected) {
    add(FindingSeverity::kError, place, key, found, expected);
  }
  void warning(Place place, std::string_view key, std::string_view found, std::string_view expected) {
    add(FindingSeverity::kWarning, place, key, found, expected);
  }
  [[nodiscard]] bool has_errors() const { return config::has_errors(findings_); }
  /// In the order of the file.
  [[nodiscard]] std::vector<Finding> take() {
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
    return std::move(findings_);
  }

 private:
  void add(FindingSeverity severity, Place place, std::string_view key, std::string_view found,
           std::string_view expected) {
    findings_.push_back(
        {file_, place.line, place.column, severity, one_line(key), one_line(found), one_line(expected)});
  }

  std::string file_;
  std::vector<Finding> findings_;
};

}  // namespace exitgate::config
