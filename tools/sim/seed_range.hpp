// Seeds as they are given on a command line.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace exitgate::sim {

/// From `first` to `last`, both included. `last` is below 2^64-1, so that their count fits.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  [[nodiscard]] std::uint64_t count() const { return last - first + 1; }
  friend bool operator==(const SeedRange&, const SeedRange&) = default;
};

/// "7", the whole text. Error seed_invalid: what was found and what is expected.
[[nodiscard]] Result<SeedRange> one_seed_from(std::string_view text);
/// "1..200", the whole text, not backwards. Error seed_invalid.
[[nodiscard]] Result<SeedRange> seed_range_from(std::string_view text);

}  // namespace exitgate::sim
