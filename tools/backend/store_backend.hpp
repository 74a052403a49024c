// One store's backend: questions, receipts and sessions come in, answers and logged events come out.
//
// Ownership: owns its database; the listener's owner must outlive it. Thread: one; calls block for one commit.
// Errors: database_failed; others where said. Time is an argument everywhere.
// Bounds: the last 4096 answers to walkouts are remembered by request_id, the last 1000 questions kept for looking at,
// the closures log is cut to Settings::events_kept. Walkout arrivals and remembered answers live in memory only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "beacon/crypto.hpp"
#include "tools/backend/database.hpp"
#include "tools/backend/messages.hpp"
#include "tools/backend/walkout_lanes.hpp"

namespace boost::json {
class array;
}

namespace exitgate::reference {

struct SigningKey {
  std::uint8_t key_id = 1;
  beacon::Key seed{};
  std::optional<WallTime> not_before;
  std::optional<WallTime> not_after;
};

/// What an admin sets of a session; what is left out keeps its value, or its default in a new session.
struct SessionChange {
  std::optional<Uuid> session_id;
  std::optional<bool> cart;
  std::optional<CartId> cart_id;
  std::optional<SessionTag> session_tag;
  std::optional<SessionState> state;
  std::optional<std::uint16_t> party_size;
  std::optional<Money> total;
  std::optional<WallTime> closed_at;
  std::optional<WallTime> expires_at;
  bool push = false;  ///< tell the gates: `closed` for a cart that may leave, else `revoked`
};

struct ArrivalNotice {
  LaneKey lane;
  Uuid session_id;
  WallTime at{};
  bool push_expected = false;
};

class StoreBackend {
 public:
  struct Settings {
    std::string store_id;
    std::int64_t events_kept = 100000;
    std::vector<SigningKey> signing_keys;
    std::function<Uuid(WallTime)> new_id;  ///< sessions and logs; tests give a source of their own
  };

  StoreBackend(std::unique_ptr<Database> database, Settings settings);
  /// Gives a new database its log. Call it once, before anything else.
  [[nodiscard]] Status start(WallTime now);

  [[nodiscard]] const std::string& store_id() const { return settings_.store_id; }
  /// Told after something was logged.
  void on_logged(std::function<void()> told) { logged_ = std::move(told); }

  /// `reaches_gate` false: the answer is known to get lost or to come too late, so a walkout is not taken as let out.
  [[nodiscard]] Result<Answer> confirm(const Question& question, WallTime now, bool reaches_gate = true);
  [[nodiscard]] const std::deque<std::string>& questions() const { return questions_; }

  /// One result for each, in order; errors: receipt_without_id.
  [[nodiscard]] Result<std::vector<UploadResult>> take_receipts(const ShortId& gate, const boost::json::array& receipts,
                                                                WallTime now);
  void each_receipt(const std::function<void(std::string_view json)>& told) { database_->each_receipt(told); }

  [[nodiscard]] std::vector<PassKey> pass_keys() const;
  /// Errors: unknown_session, not_a_cart, not_closed.
  [[nodiscard]] Result<beacon::PassBytes> pass_for(const Uuid& session_id);
  void add_signing_key(const SigningKey& key);

  /// Errors: malformed (a cart without cart_id or tag), conflict (cart and tag name another session).
  [[nodiscard]] Result<Session> put_session(const SessionChange& change, WallTime now);
  void each_session(const std::function<void(std::string_view json)>& told) { database_->each_session(told); }
  [[nodiscard]] Status revoke(const Revocation& revocation, WallTime now);
  /// Errors: unknown_session.
  [[nodiscard]] Status arrive(const ArrivalNotice& notice);
  void leave(const Uuid& session_id) { lanes_.leave(session_id); }

  /// Begins the closures log anew: gates that resume are told to reset.
  [[nodiscard]] Status renew_log(WallTime now);
  [[nodiscard]] Database::LogRange log_range() { return database_->log_range(); }
  [[nodiscard]] std::vector<LoggedEvent> events_after(std::int64_t number, const ShortId& gate, std::size_t limit) {
    return database_->events_after(number, gate, limit);
  }

 private:
  [[nodiscard]] std::optional<Session> find(const Question& question);
  [[nodiscard]] Answer decide(const Question& question, WallTime now, bool reaches_gate);
  [[nodiscard]] UploadResult take_receipt(const CheckedReceipt& receipt, WallTime now);
  void settle(const CheckedReceipt& receipt, WallTime now);
  /// Stores the session and tells the gates whose view of its claim changed since `before`.
  void save(const Session& session, const std::optional<ShortId>& leader_before, WallTime now);
  void push_party_left(const Session& session, const ShortId& gate);
  [[nodiscard]] Session changed(const SessionChange& change, std::optional<Session> session, WallTime now) const;
  void log(LoggedEvent event);
  [[nodiscard]] Status transact(const std::function<void()>& work);
  void remember(const Question& question, const Answer& answer, WallTime now);

  std::unique_ptr<Database> database_;
  Settings settings_;
  WalkoutLanes lanes_;
  std::function<void()> logged_;
  bool something_logged_ = false;
  std::unordered_map<std::string, Answer> answers_;  ///< to walkouts, by request
  std::deque<std::string> answers_in_order_;
  std::deque<std::string> questions_;
};

}  // namespace exitgate::reference
