// Reading and writing rows of the two tables. Internal to receipts/.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "receipts/receipt_row.hpp"
#include "receipts/sqlite_db.hpp"
#include "receipts/state_rows.hpp"

namespace exitgate {

/// The columns of a receipt, in the order read_receipt() expects them.
#define EXITGATE_RECEIPT_COLUMNS \
  "id,receipt_id,state,position,chain_id,sequence,authorised_ms,ended_ms,json,reason,checksum"

[[nodiscard]] ReceiptRow read_receipt(const Query& query);
[[nodiscard]] Result<std::optional<ReceiptRow>> find_receipt(Database& db, const std::string& receipt_id);
[[nodiscard]] Status insert_receipt(Database& db, const ReceiptRow& row);
/// Writes all columns of the row with row.rowid.
[[nodiscard]] Status update_receipt(Database& db, const ReceiptRow& row);

struct CheckedStateRow {
  StateRow row;
  std::int64_t rowid = 0;
  bool good = false;  ///< its check fits
};
/// SELECT id,kind,key,expires_ms,body,checksum
[[nodiscard]] CheckedStateRow read_state(const Query& query);
[[nodiscard]] Status put_state(Database& db, const StateRow& row);
[[nodiscard]] Status apply_change(Database& db, const StateChange& change);
/// Every row of one kind, in order of key; storage_damaged if one is not good.
[[nodiscard]] Result<std::vector<StateRow>> state_of_kind(Database& db, std::string_view kind);
[[nodiscard]] Result<std::vector<ChainState>> read_chains(Database& db);

[[nodiscard]] Result<std::int64_t> single_integer(Database& db, const char* sql);

}  // namespace exitgate
