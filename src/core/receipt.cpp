#include "core/receipt.hpp"

#include <algorithm>

namespace exitgate {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"cart", "walkout", "staff", "released", "fault", "unauthorised"};
constexpr std::array<std::string_view, 7> kBases{"prefetched", "confirmed", "signed_pass", "offline_policy",
                                                 "staff",      "released",  "fault"};
constexpr std::array<std::string_view, 3> kOutcomes{"passed", "not_used", "unknown"};
constexpr std::array<std::string_view, kFlagCount> kFlags{
    "after_restart",     "ambiguous_cart", "backend_unaware", "beacon_conflict", "cart_still_here",
    "expected_mismatch", "forced",         "late_refusal",    "not_durable",     "obstructed",
    "reassigned",        "receiver_down",  "sensor_lost",     "tailgate",        "wrong_way"};

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view to_string(ReceiptKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::string_view to_string(Basis basis) { return kBases.at(static_cast<std::size_t>(basis)); }
std::string_view to_string(Outcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }
std::string_view to_string(Flag flag) { return kFlags.at(static_cast<std::size_t>(flag)); }
std::optional<ReceiptKind> parse_receipt_kind(std::string_view text) { return parse<ReceiptKind>(kKinds, text); }
std::optional<Basis> parse_basis(std::string_view text) { return parse<Basis>(kBases, text); }
std::optional<Outcome> parse_outcome(std::string_view text) { return parse<Outcome>(kOutcomes, text); }
std::optional<Flag> parse_flag(std::string_view text) { return parse<Flag>(kFlags, text); }

std::vector<Flag> Flags::list() const {
  std::vector<Flag> flags;
  for (std::size_t i = 0; i < kFlagCount; ++i) {
    if (has(static_cast<Flag>(i))) flags.push_back(static_cast<Flag>(i));
  }
  return flags;
}

}  // namespace exitgate
