// The tables of the receipt database and the numbered steps that lead to them. Internal to receipts/.
#pragma once

#include <span>

#include "base/result.hpp"
#include "receipts/sqlite_db.hpp"

namespace exitgate {

/// "EXGT": a database that carries another number is somebody else's and is left alone.
inline constexpr int kApplicationId = 0x45584754;

inline constexpr std::uint32_t kPageBytes = 4096;

/// One step: `sql` takes the schema from version N − 1 to N, where N is its place in the list, counted from 1.
struct Migration {
  const char* sql;
};
[[nodiscard]] std::span<const Migration> migrations();

/// Refuses, before anything is written, a newer schema (schema_newer) and a foreign database (storage_foreign).
[[nodiscard]] Status check_schema(Database& db, std::span<const Migration> steps);
[[nodiscard]] Result<bool> is_current(Database& db, std::span<const Migration> steps);
/// Runs the steps that are lacking, one transaction each.
[[nodiscard]] Status migrate(Database& db, std::span<const Migration> steps);
/// WAL, synchronous=FULL and the rest of what a connection that writes needs.
[[nodiscard]] Status set_up_connection(Database& db);

}  // namespace exitgate
