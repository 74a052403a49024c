#include "tools/backend/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include "tools/backend/messages.hpp"

namespace exitgate::reference {
namespace {

constexpr int kSchema = 1;
constexpr const char* kCreate = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions(session_id TEXT PRIMARY KEY, cart_id INTEGER, session_tag TEXT, json TEXT NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX sessions_by_tag ON sessions(cart_id, session_tag);
CREATE TABLE receipts(arrival INTEGER PRIMARY KEY AUTOINCREMENT, receipt_id TEXT NOT NULL UNIQUE, gate_id TEXT NOT NULL,
  chain_id TEXT NOT NULL, sequence INTEGER NOT NULL, hash TEXT NOT NULL, arrived_at TEXT NOT NULL, json TEXT NOT NULL);
CREATE TABLE events(number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, data TEXT NOT NULL,
  only_gate TEXT NOT NULL, except_gate TEXT NOT NULL, worth_until INTEGER NOT NULL);
PRAGMA user_version = 1;
)sql";

}  // namespace

/// A prepared statement, bound in order; failures are noted with the database.
class Database::Statement {
 public:
  Statement(Database& database, const char* sql) : database_(database) {
    if (sqlite3_prepare_v2(database.handle_, sql, -1, &handle_, nullptr) != SQLITE_OK) database.note_failure(sql);
  }
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text) {
    sqlite3_bind_text(handle_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(std::int64_t number) {
    sqlite3_bind_int64(handle_, ++bound_, number);
    return *this;
  }
  Statement& bind_null() {
    ++bound_;
    return *this;
  }
  /// True while there is a row.
  bool step() {
    if (handle_ == nullptr) return false;
    const int code = sqlite3_step(handle_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) database_.note_failure("step");
    return code == SQLITE_ROW;
  }
  [[nodiscard]] std::string_view text(int column) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return {bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
  }
  [[nodiscard]] std::int64_t number(int column) { return sqlite3_column_int64(handle_, column); }

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int bound_ = 0;
};

Result<std::unique_ptr<Database>> Database::open(const std::string& file) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open(file.c_str(), &handle);
  std::unique_ptr<Database> database(new Database(handle));
  if (code != SQLITE_OK) {
    return fail("database_failed", fmt::format("{}: {}; check the folder and its rights", file, sqlite3_errstr(code)));
  }
  sqlite3_busy_timeout(handle, 1000);
  const auto ready = database->migrate();
  if (!ready) return fail(ready.error().within(file));
  return database;
}

Database::~Database() { sqlite3_close(handle_); }

Status Database::migrate() {
  execute("PRAGMA journal_mode = WAL");
  execute("PRAGMA synchronous = FULL");
  std::int64_t version = 0;
  {
    Statement statement(*this, "PRAGMA user_version");
    if (statement.step()) version = statement.number(0);
  }
  if (version > kSchema) {
    return fail("database_too_new", fmt::format("schema {}; this program knows {}; use a newer one", version, kSchema));
  }
  return transact([&] {
    if (version < kSchema) execute(kCreate);
  });
}

Status Database::transact(const std::function<void()>& work) {
  failure_.clear();
  execute("BEGIN IMMEDIATE");
  if (failure_.empty()) {
    work();
    if (failure_.empty()) execute("COMMIT");
  }
  if (failure_.empty()) return {};
  auto failure = failure_;
  sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  return fail("database_failed", std::move(failure));
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) note_failure(sql);
}

void Database::note_failure(std::string_view what) {
  if (failure_.empty()) failure_ = fmt::format("{} ({})", sqlite3_errmsg(handle_), what);
}

std::optional<Session> Database::session(const Uuid& id) {
  Statement statement(*this, "SELECT json FROM sessions WHERE session_id = ?");
  if (!statement.bind(to_string(id)).step()) return std::nullopt;
  auto session = parse_session(statement.text(0));
  if (session) return std::move(*session);
  failure_ = session.error().message;
  return std::nullopt;
}

std::optional<Session> Database::session(CartId cart, const SessionTag& tag) {
  Statement statement(*this, "SELECT session_id FROM sessions WHERE cart_id = ? AND session_tag = ?");
  if (!statement.bind(std::int64_t{cart}).bind(to_string(tag)).step()) return std::nullopt;
  const auto id = parse_uuid(statement.text(0));
  return id ? session(*id) : std::nullopt;
}

std::vector<Uuid> Database::sessions_of(const SessionTag& tag) {
  Statement statement(*this, "SELECT session_id FROM sessions WHERE session_tag = ?");
  statement.bind(to_string(tag));
  std::vector<Uuid> ids;
  while (statement.step()) {
    if (const auto id = parse_uuid(statement.text(0))) ids.push_back(*id);
  }
  return ids;
}

void Database::each_session(const std::function<void(std::string_view)>& told) {
  Statement statement(*this, "SELECT json FROM sessions ORDER BY session_id");
  while (statement.step()) told(statement.text(0));
}

void Database::put(const Session& session) {
  Statement statement(
      *this,
      "INSERT INTO sessions(session_id, json, cart_id, session_tag) VALUES(?, ?, ?, ?) ON CONFLICT(session_id) "
      "DO UPDATE SET json = excluded.json, cart_id = excluded.cart_id, session_tag = excluded.session_tag");
  statement.bind(to_string(session.session_id)).bind(session_json(session));
  if (session.cart) {
    statement.bind(std::int64_t{session.cart_id}).bind(to_string(session.session_tag));
  } else {
    statement.bind_null().bind_null();
  }
  statement.step();
}

std::optional<std::string> Database::stored_hash(const Uuid& receipt_id) {
  Statement statement(*this, "SELECT hash FROM receipts WHERE receipt_id = ?");
  if (!statement.bind(to_string(receipt_id)).step()) return std::nullopt;
  return std::string(statement.text(0));
}

void Database::add(const CheckedReceipt& receipt, WallTime arrived_at) {
  Statement statement(*this,
                      "INSERT INTO receipts(receipt_id, gate_id, chain_id, sequence, hash, arrived_at, json) "
                      "VALUES(?, ?, ?, ?, ?, ?, ?)");
  statement.bind(to_string(receipt.receipt_id)).bind(receipt.gate_id.view()).bind(to_string(receipt.chain_id));
  statement.bind(receipt.sequence).bind(receipt.hash).bind(to_rfc3339(arrived_at)).bind(receipt.canonical).step();
}

void Database::each_receipt(const std::function<void(std::string_view)>& told) {
  Statement statement(*this, "SELECT json FROM receipts ORDER BY arrival");
  while (statement.step()) told(statement.text(0));
}

void Database::append(const LoggedEvent& event, std::int64_t kept) {
  Statement insert(*this, "INSERT INTO events(event, data, only_gate, except_gate, worth_until) VALUES(?, ?, ?, ?, ?)");
  insert.bind(event.event).bind(event.data).bind(event.only_gate.view()).bind(event.except_gate.view());
  insert.bind(unix_ms(event.worth_until)).step();
  Statement(*this, "DELETE FROM events WHERE number <= ?").bind(sqlite3_last_insert_rowid(handle_) - kept).step();
}

std::vector<LoggedEvent> Database::events_after(std::int64_t number, const ShortId& gate, std::size_t limit) {
  Statement statement(
      *this,
      "SELECT number, event, data, worth_until FROM events WHERE number > ? AND only_gate IN ('', ?) AND "
      "except_gate <> ? ORDER BY number LIMIT ?");
  statement.bind(number).bind(gate.view()).bind(gate.view()).bind(static_cast<std::int64_t>(limit));
  std::vector<LoggedEvent> events;
  while (statement.step()) {
    LoggedEvent event;
    event.number = statement.number(0);
    event.event = statement.text(1);
    event.data = statement.text(2);
    event.worth_until = wall_from_ms(statement.number(3));
    events.push_back(std::move(event));
  }
  return events;
}

Database::LogRange Database::log_range() {
  LogRange range;
  range.log_id = meta("log_id").value_or("");
  Statement newest(*this, "SELECT seq FROM sqlite_sequence WHERE name = 'events'");
  if (newest.step()) range.newest = newest.number(0);
  Statement oldest(*this, "SELECT min(number) FROM events");
  range.forgotten = oldest.step() && oldest.number(0) > 0 ? oldest.number(0) - 1 : range.newest;
  return range;
}

void Database::renew_log(const std::string& log_id) {
  execute("DELETE FROM events");
  set_meta("log_id", log_id);
}

void Database::set_meta(std::string_view key, std::string_view value) {
  Statement(*this, "INSERT INTO meta(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value")
      .bind(key)
      .bind(value)
      .step();
}

std::optional<std::string> Database::meta(std::string_view key) {
  Statement statement(*this, "SELECT value FROM meta WHERE key = ?");
  if (!statement.bind(key).step()) return std::nullopt;
  return std::string(statement.text(0));
}

}  // namespace exitgate::reference
