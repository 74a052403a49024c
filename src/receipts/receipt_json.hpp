// The receipt as text: RFC 8785 canonical form, its hash, and the way back (backend contract, "Receipt").
// Pure; any thread. Errors: invalid_receipt, with the field that is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "core/receipt.hpp"

namespace exitgate {

/// What sealing adds to a receipt. `hash` is empty while it is being computed.
struct ChainLink {
  Uuid chain_id;
  std::int64_t sequence = 0;
  std::string previous_hash;  ///< 64 hex digits
  std::string hash;           ///< 64 hex digits
  friend bool operator==(const ChainLink&, const ChainLink&) = default;
};

/// `previous_hash` of the first receipt of a chain.
[[nodiscard]] std::string first_previous_hash();

/// RFC 8785 canonical form. Without `link` the chain fields are left out (an open receipt); with an empty
/// `link->hash` only `hash` is. Text that is not UTF-8 has its bad bytes replaced by U+FFFD.
[[nodiscard]] std::string canonical_json(const Receipt& receipt, const ChainLink* link = nullptr);

/// The canonical form with its hash; sets link.hash.
[[nodiscard]] std::string seal_json(const Receipt& receipt, ChainLink& link);

/// Whether `json` is a sealed receipt whose `hash` is that of its own bytes without it.
[[nodiscard]] bool hash_verifies(std::string_view json);

struct ParsedReceipt {
  Receipt receipt;
  std::optional<ChainLink> link;  ///< nothing: an open receipt
};
/// Reads what canonical_json() writes; unknown fields are ignored.
[[nodiscard]] Result<ParsedReceipt> parse_receipt_json(std::string_view json);

/// What must hold before a receipt is written: it names its place, its numbers survive JSON, and a sealed one has
/// an outcome and an end.
[[nodiscard]] Status check_receipt(const Receipt& receipt, bool sealing);

/// 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);
/// The first eight bytes of the SHA-256 of `text`: the check every stored row carries.
[[nodiscard]] std::int64_t sha256_check(std::string_view text);

/// `text` with every maximal part that is no UTF-8 replaced by U+FFFD (Unicode 15, section 3.9, table 3-8).
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace exitgate
