#include "tools/sim/seed_range.hpp"

#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace exitgate::sim {
namespace {

constexpr std::uint64_t kGreatest = std::numeric_limits<std::uint64_t>::max() - 1;

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end || number > kGreatest) return {};
  return number;
}

Result<SeedRange> refuse(std::string_view found, const std::string& expected) {
  return fail("seed_invalid", "found \"" + std::string(found) + "\"; expected " + expected + std::to_string(kGreatest));
}

}  // namespace

Result<SeedRange> one_seed_from(std::string_view text) {
  const auto seed = number_from(text);
  if (!seed) return refuse(text, "a whole number from 0 to ");
  return SeedRange{*seed, *seed};
}

Result<SeedRange> seed_range_from(std::string_view text) {
  constexpr std::string_view kTo = "..";
  const auto at = text.find(kTo);
  if (at != std::string_view::npos) {
    const auto first = number_from(text.substr(0, at));
    const auto last = number_from(text.substr(at + kTo.size()));
    if (first && last && *first <= *last) return SeedRange{*first, *last};
  }
  return refuse(text, "A..B, as 1..200: A not above B, both whole numbers from 0 to ");
}

}  // namespace exitgate::sim
