// The check of a receipt database from end to end: every row readable, every hash right, every chain without a gap.
// Used by the running outbox and, read-only, on a database file (`exitgate receipts verify`, `… export`).
// Blocks for as long as reading the file takes. Errors: not_found, storage_damaged, storage_io, schema_newer,
// storage_foreign.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ports/receipt_store.hpp"

namespace exitgate {

class Database;

struct VerifyFinding {
  Uuid chain_id;
  std::int64_t sequence = 0;  ///< 0: not known
  std::string what;
};
struct VerifyReport {
  std::int64_t checked = 0;             ///< sealed receipts
  std::vector<VerifyFinding> findings;  ///< the first 1,000
  [[nodiscard]] bool good() const { return findings.empty(); }
};

[[nodiscard]] Result<VerifyReport> verify_database(Database& db);
[[nodiscard]] Result<VerifyReport> verify_database_file(const std::string& path);

[[nodiscard]] Status export_database(Database& db, std::optional<ReceiptState> state,
                                     const std::function<bool(std::string_view)>& sink);
[[nodiscard]] Status export_database_file(const std::string& path, std::optional<ReceiptState> state,
                                          const std::function<bool(std::string_view)>& sink);

}  // namespace exitgate
