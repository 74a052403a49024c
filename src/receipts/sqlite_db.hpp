// One SQLite connection and its prepared statements. Internal to receipts/; one thread.
// Errors: storage_full, storage_damaged, storage_io, each with what was being done and what SQLite said.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"

namespace exitgate {

/// The error of the last call on `db` that returned `code`.
[[nodiscard]] Error storage_error(sqlite3* db, int code, std::string_view doing);

class Database {
 public:
  /// `flags` are those of sqlite3_open_v2; an empty `vfs` is the default one.
  [[nodiscard]] static Result<Database> open(const std::string& path, const std::string& vfs, int flags);

  [[nodiscard]] sqlite3* handle() const { return db_.get(); }
  [[nodiscard]] Status execute(const std::string& sql);
  /// True outside a transaction, also after SQLite rolled one back by itself.
  [[nodiscard]] bool idle() const { return sqlite3_get_autocommit(db_.get()) != 0; }
  /// Prepared once per `sql`, which must be a literal (it is told by its address).
  [[nodiscard]] sqlite3_stmt* prepared(const char* sql, int& code);

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3, Close> db_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// One use of a prepared statement; reset at its end. Values are bound in order, columns read by number.
/// Not two uses of the same statement at a time.
class Query {
 public:
  Query(Database& db, const char* sql) : db_(db), sql_(sql), statement_(db.prepared(sql, code_)) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& bind(std::int64_t value);
  Query& bind(std::string_view value);
  Query& bind(const std::optional<std::int64_t>& value);
  Query& bind(const std::optional<std::string>& value);

  /// True: a row is there. False: there are no more.
  [[nodiscard]] Result<bool> step();
  /// Steps to the end.
  [[nodiscard]] Status run();

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
  [[nodiscard]] std::optional<std::string> maybe_text(int column) const;

 private:
  void bound(int code);
  Database& db_;
  const char* sql_;
  int code_ = SQLITE_OK;
  sqlite3_stmt* statement_;
  int next_ = 1;
};

}  // namespace exitgate
