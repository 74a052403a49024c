#include "receipts/schema.hpp"

#include <array>

namespace exitgate {
namespace {

constexpr const char* kFirst = R"(
CREATE TABLE receipts(
  id INTEGER PRIMARY KEY,
  receipt_id TEXT NOT NULL UNIQUE,
  state INTEGER NOT NULL,
  position INTEGER UNIQUE,
  chain_id TEXT,
  sequence INTEGER,
  authorised_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  json TEXT NOT NULL,
  reason TEXT NOT NULL,
  checksum INTEGER NOT NULL);
CREATE INDEX receipts_by_state ON receipts(state, position);
CREATE TABLE state(
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  expires_ms INTEGER,
  body TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  UNIQUE(kind, key));
CREATE INDEX state_by_expiry ON state(expires_ms) WHERE expires_ms IS NOT NULL;
)";

/// A greater version is no program's.
constexpr std::int64_t kMostVersions = 10'000;

constexpr std::array<Migration, 1> kMigrations{Migration{kFirst}};

Result<std::int64_t> pragma_value(Database& db, const char* sql) {
  Query query(db, sql);
  const auto row = query.step();
  if (!row) return fail(row.error());
  return *row ? query.integer(0) : 0;
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Status check_schema(Database& db, std::span<const Migration> steps) {
  const auto version = pragma_value(db, "PRAGMA user_version");
  if (!version) return fail(version.error());
  const auto application = pragma_value(db, "PRAGMA application_id");
  if (!application) return fail(application.error());
  const auto tables = pragma_value(db, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return fail(tables.error());
  const auto own =
      pragma_value(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('receipts','state','receipts_by_state')");
  if (!own) return fail(own.error());
  const bool named = *application == kApplicationId;
  if ((!named && *own == 3) || (named && (*version < 0 || *version > kMostVersions || *tables == 0))) {
    return fail("storage_damaged", "the header of the database is not what was written");
  }
  if (!named && (*application != 0 || *tables != 0)) {
    return fail("storage_foreign", "the database is not exitgate's (its application_id is " +
                                       std::to_string(*application) +
                                       "); nothing was changed; set [receipts] database to another file");
  }
  if (*version > static_cast<std::int64_t>(steps.size())) {
    return fail("schema_newer",
                "the database has schema " + std::to_string(*version) + ", this program knows up to " +
                    std::to_string(steps.size()) +
                    "; nothing was changed; install the version of exitgate that wrote it, or a later one");
  }
  return {};
}

Result<bool> is_current(Database& db, std::span<const Migration> steps) {
  const auto version = pragma_value(db, "PRAGMA user_version");
  if (!version) return fail(version.error());
  return *version >= static_cast<std::int64_t>(steps.size());
}

Status migrate(Database& db, std::span<const Migration> steps) {
  const auto version = pragma_value(db, "PRAGMA user_version");
  if (!version) return fail(version.error());
  for (auto next = static_cast<std::size_t>(*version); next < steps.size(); ++next) {
    const auto number = std::to_string(next + 1);
    const auto done = db.execute(std::string("BEGIN IMMEDIATE;") + steps[next].sql + ";PRAGMA application_id=" +
                                 std::to_string(kApplicationId) + ";PRAGMA user_version=" + number + ";COMMIT");
    if (done) continue;
    const auto undone = db.idle() ? Status{} : db.execute("ROLLBACK");
    return fail(done.error().within("migration " + number + (undone ? "" : " (not rolled back)")));
  }
  return {};
}

Status set_up_connection(Database& db) {
  // secure_delete: freed pages hold zeros, so that a salvage of raw pages does not bring deleted rows back.
  // Checkpoints are the owner's business, when nobody waits for a commit.
  return db.execute(
      "PRAGMA page_size=4096;PRAGMA secure_delete=ON;PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
      "PRAGMA wal_autocheckpoint=0;PRAGMA foreign_keys=OFF;PRAGMA temp_store=MEMORY;PRAGMA cache_size=-4000");
}

}  // namespace exitgate
