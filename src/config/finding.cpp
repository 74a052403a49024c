#include "config/finding.hpp"

#include <algorithm>

namespace exitgate::config {

std::string to_string(const Finding& finding) {
  const char* severity = finding.severity == FindingSeverity::kError ? "error" : "warning";
  return finding.file + ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": " + severity +
         ": " + finding.key + ": found " + finding.found + "; expected " + finding.expected;
}

bool has_errors(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == FindingSeverity::kError; });
}

}  // namespace exitgate::config
