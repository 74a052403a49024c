// What the reference backend keeps, in one SQLite file: sessions, receipts for ever by receipt_id, the log of closures.
//
// Ownership: the caller owns it. Thread: one. Calls block for the length of a commit; this is a tool for demonstrations
// and tests, whose one thread answers a few gates. Errors: transact() returns them (database_failed); inside it a
// failed read is as if nothing was found, and the transaction is rolled back. open(): database_failed,
// database_too_new.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "tools/backend/receipt_check.hpp"
#include "tools/backend/session.hpp"

struct sqlite3;

namespace exitgate::reference {

/// A server-sent event as it was logged; which gates it goes to; until when it is worth telling a gate that begins
/// anew.
struct LoggedEvent {
  std::int64_t number = 0;  ///< given by the log
  std::string event;
  std::string data;
  ShortId only_gate;    ///< empty: all
  ShortId except_gate;  ///< empty: nobody is left out
  WallTime worth_until{};
};

class Database {
 public:
  /// ":memory:" keeps nothing.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] Status transact(const std::function<void()>& work);

  [[nodiscard]] std::optional<Session> session(const Uuid& id);
  [[nodiscard]] std::optional<Session> session(CartId cart, const SessionTag& tag);
  [[nodiscard]] std::vector<Uuid> sessions_of(const SessionTag& tag);
  void each_session(const std::function<void(std::string_view json)>& told);
  void put(const Session& session);

  /// The hash of the stored receipt of that id.
  [[nodiscard]] std::optional<std::string> stored_hash(const Uuid& receipt_id);
  void add(const CheckedReceipt& receipt, WallTime arrived_at);
  /// In order of arrival.
  void each_receipt(const std::function<void(std::string_view json)>& told);

  /// Keeps the newest `kept` events.
  void append(const LoggedEvent& event, std::int64_t kept);
  /// Events for `gate` with a higher number, oldest first.
  [[nodiscard]] std::vector<LoggedEvent> events_after(std::int64_t number, const ShortId& gate, std::size_t limit);
  struct LogRange {
    std::string log_id;          ///< another database or another log has another
    std::int64_t forgotten = 0;  ///< numbers up to this one are gone
    std::int64_t newest = 0;
  };
  [[nodiscard]] LogRange log_range();
  /// Begins the log anew, empty and under another id.
  void renew_log(const std::string& log_id);

 private:
  class Statement;
  explicit Database(sqlite3* handle) : handle_(handle) {}
  [[nodiscard]] Status migrate();
  void execute(const char* sql);
  void note_failure(std::string_view what);
  void set_meta(std::string_view key, std::string_view value);
  [[nodiscard]] std::optional<std::string> meta(std::string_view key);

  sqlite3* handle_;
  std::string failure_;
};

}  // namespace exitgate::reference
