// A receipt as a row of the table. `json` is the truth, the other columns are for finding it; `check` covers all of
// them, so that a flipped bit is seen on reading. Pure. Internal to receipts/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "ports/receipt_store.hpp"
#include "receipts/receipt_json.hpp"

namespace exitgate {

struct ReceiptRow {
  std::int64_t rowid = 0;
  std::string receipt_id;
  std::int64_t state = 0;                ///< ReceiptState
  std::optional<std::int64_t> position;  ///< sealing order over all chains; nothing while open
  std::optional<std::string> chain_id;
  std::optional<std::int64_t> sequence;
  std::int64_t authorised_ms = 0;
  std::optional<std::int64_t> ended_ms;
  std::string json;
  std::string reason;  ///< quarantined: why
  std::int64_t check = 0;
};

/// Reason of a receipt in quarantine because its row no longer is what was written.
inline constexpr std::string_view kDamagedReason = "damaged";

[[nodiscard]] std::int64_t check_of(const ReceiptRow& row);
[[nodiscard]] ReceiptRow open_row(const Receipt& receipt);
/// Sets link.hash.
[[nodiscard]] ReceiptRow sealed_row(const Receipt& receipt, ChainLink& link, std::int64_t position);

/// storage_damaged, naming the rowid, unless check, columns, JSON and hash all agree.
[[nodiscard]] Result<StoredReceipt> decode(const ReceiptRow& row);
/// What can be read of a row that decode() refuses; its reason begins with "damaged".
[[nodiscard]] StoredReceipt decode_damaged(const ReceiptRow& row, const Error& why);

}  // namespace exitgate
