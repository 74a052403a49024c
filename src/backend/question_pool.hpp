// Which question goes on which connection, and when connections are opened and closed. Pure: events and the time go in,
// commands come out in the order in which they must be done; the question client holds the sockets.
//
// A few connections are kept warm, so that a question never pays a handshake while the backend is up. A question keeps
// its connection until it is answered or given up, `give_up_after` after it was asked; meanwhile the next takes
// another. A question whose kept-alive connection breaks goes out once more at once, on a connection that is not as
// old. At most `questions_max` questions are out; connections are therefore at most `questions_max` + `warm`.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <variant>
#include <vector>

#include "backend/backoff.hpp"
#include "backend/connection_failure.hpp"
#include "base/mono_time.hpp"
#include "ports/backend_link.hpp"

namespace exitgate {

using ConnectionId = std::uint64_t;

struct PoolLimits {
  std::size_t warm = 2;
  std::size_t questions_max = 64;
  Duration give_up_after = std::chrono::milliseconds{10800};
  Duration idle_trim = std::chrono::seconds{60};
  Duration retry_first = milliseconds{250};
  Duration retry_longest = std::chrono::seconds{5};
};

struct OpenConnection {
  ConnectionId connection = 0;
};
struct CloseConnection {
  ConnectionId connection = 0;
};
struct SendQuestion {
  ConnectionId connection = 0;
  std::uint64_t ticket = 0;
};
struct FailQuestion {
  std::uint64_t ticket = 0;
  NoAnswer why;
};
using PoolCommand = std::variant<OpenConnection, CloseConnection, SendQuestion, FailQuestion>;
using PoolCommands = std::vector<PoolCommand>;

class QuestionPool {
 public:
  explicit QuestionPool(PoolLimits limits) : limits_(limits), backoff_(limits.retry_first, limits.retry_longest) {}

  [[nodiscard]] PoolCommands start(MonoTime now);
  /// `ticket`: the caller's name for the question, never used twice.
  [[nodiscard]] PoolCommands ask(std::uint64_t ticket, MonoTime now);
  /// The handshake of a connection it ordered is done.
  [[nodiscard]] PoolCommands opened(ConnectionId connection, MonoTime now);
  /// The backend has taken our certificate on it: attempts need no more patience.
  void proven(ConnectionId connection);
  /// It could not be opened, or ended; the connection is gone.
  [[nodiscard]] PoolCommands lost(ConnectionId connection, const ConnectionFailure& why, MonoTime now);
  /// Its question was answered. Not `reusable`: the connection is gone.
  [[nodiscard]] PoolCommands answered(ConnectionId connection, bool reusable, MonoTime now);
  [[nodiscard]] PoolCommands tick(MonoTime now);
  /// When tick() is needed next.
  [[nodiscard]] MonoTime next_deadline() const;

  [[nodiscard]] std::size_t questions() const { return questions_.size(); }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  enum class State : std::uint8_t { kOpening, kIdle, kBusy };
  struct Connection {
    State state = State::kOpening;
    bool proven = false;
    bool kept_alive = false;  ///< stood before its present question was asked
    std::uint64_t ticket = 0;
    MonoTime idle_since{};
  };
  struct Question {
    MonoTime give_up_at{};
    bool retried = false;
  };

  void assign(ConnectionId id, Connection& connection, std::uint64_t ticket, bool kept_alive, PoolCommands& out);
  void make_idle(ConnectionId id, Connection& connection, MonoTime now, PoolCommands& out);
  void fail_question(std::uint64_t ticket, NoAnswer why, PoolCommands& out);
  void lost_while_opening(const ConnectionFailure& why, MonoTime now, PoolCommands& out);
  void lost_while_busy(const Connection& was, const ConnectionFailure& why, PoolCommands& out);
  void give_up_late(MonoTime now, PoolCommands& out);
  void trim_idle(MonoTime now, PoolCommands& out);
  void balance(MonoTime now, PoolCommands& out);
  void back_off(MonoTime now);
  [[nodiscard]] std::size_t count(State state) const;

  PoolLimits limits_;
  Backoff backoff_;
  MonoTime hold_off_until_{MonoTime::min()};
  ConnectionId newest_ = 0;
  std::map<ConnectionId, Connection> connections_;
  std::map<std::uint64_t, Question> questions_;
  std::deque<std::uint64_t> waiting_;  ///< questions without a connection, oldest first
};

}  // namespace exitgate
