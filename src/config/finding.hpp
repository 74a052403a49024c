// What is wrong with a store file, and where. A value; one line of text each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace exitgate::config {

enum class FindingSeverity : std::uint8_t { kError, kWarning };

struct Finding {
  std::string file;
  std::uint32_t line = 1;    ///< from 1
  std::uint32_t column = 1;  ///< from 1, in code points
  FindingSeverity severity = FindingSeverity::kError;
  std::string key;  ///< with its tables: "backend.url", "lane[1].inputs.approach", "device[io1].baud"
  std::string found;
  std::string expected;
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// "FILE:LINE:COLUMN: error: KEY: found X; expected Y", or "warning:", without a newline.
[[nodiscard]] std::string to_string(const Finding& finding);
[[nodiscard]] bool has_errors(const std::vector<Finding>& findings);

}  // namespace exitgate::config
