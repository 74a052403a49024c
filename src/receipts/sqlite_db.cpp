#include "receipts/sqlite_db.hpp"

#include <cerrno>
#include <cstring>

namespace exitgate {

Error storage_error(sqlite3* db, int code, std::string_view doing) {
  const int system_error = db ? sqlite3_system_errno(db) : 0;
  std::string message = std::string(doing) + ": " + (db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
  if (system_error != 0)
    message += " (" + std::string(sqlite3_errstr(code)) + ", errno " + std::to_string(system_error) + ")";
  const int primary = code & 0xff;
  const bool no_space = system_error == ENOSPC || system_error == EDQUOT;
  if (primary == SQLITE_FULL || (no_space && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN))) {
    return {"storage_full", message + "; free space on the disk of the state directory"};
  }
  // The statements are fixed: one that does not fit the schema, or a constraint the outbox itself keeps, is damage too.
  const bool misfit = primary == SQLITE_ERROR || primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || misfit) {
    return {"storage_damaged", message + "; restart the daemon to salvage what is readable"};
  }
  return {"storage_io", message + "; check the disk, and owner and mode of the state directory"};
}

Result<Database> Database::open(const std::string& path, const std::string& vfs, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  Database db;
  db.db_.reset(raw);
  if (code != SQLITE_OK) return fail(storage_error(raw, code, "opening the database " + path));
  sqlite3_busy_timeout(raw, 1000);
  return db;
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(storage_error(db_.get(), code, "running \"" + sql.substr(0, 60) + "\""));
  return {};
}

sqlite3_stmt* Database::prepared(const char* sql, int& code) {
  auto& kept = statements_[sql];
  code = SQLITE_OK;
  if (!kept) {
    sqlite3_stmt* statement = nullptr;
    code = sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    kept.reset(statement);
  }
  return kept.get();
}

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::bound(int code) {
  ++next_;
  if (code_ == SQLITE_OK) code_ = code;
}

Query& Query::bind(std::int64_t value) {
  if (statement_) bound(sqlite3_bind_int64(statement_, next_, value));
  return *this;
}

Query& Query::bind(std::string_view value) {
  if (statement_) {
    bound(sqlite3_bind_text64(statement_, next_, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
  }
  return *this;
}

Query& Query::bind(const std::optional<std::int64_t>& value) {
  if (value) return bind(*value);
  if (statement_) bound(sqlite3_bind_null(statement_, next_));
  return *this;
}

Query& Query::bind(const std::optional<std::string>& value) {
  if (value) return bind(std::string_view(*value));
  if (statement_) bound(sqlite3_bind_null(statement_, next_));
  return *this;
}

Result<bool> Query::step() {
  if (code_ == SQLITE_OK) {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    code_ = code;
  }
  return fail(storage_error(db_.handle(), code_, "running \"" + std::string(sql_).substr(0, 60) + "\""));
}

Status Query::run() {
  for (;;) {
    const auto row = step();
    if (!row) return fail(row.error());
    if (!*row) return {};
  }
}

std::string Query::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (!text) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::int64_t> Query::maybe_integer(int column) const {
  if (null(column)) return std::nullopt;
  return integer(column);
}

std::optional<std::string> Query::maybe_text(int column) const {
  if (null(column)) return std::nullopt;
  return text(column);
}

}  // namespace exitgate
