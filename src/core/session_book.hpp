// What the box knows of sessions: closures and expected walkouts pushed by the backend, revocations, claims of other
// gates, answers fetched ahead, signed passes, and the ledger that makes a session good for its party once (lane
// contract §4). Pure; every change that must outlive the process is appended to `writes`. Bounds are the k… constants
// below.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/aging_map.hpp"
#include "core/closure_cache.hpp"
#include "core/event.hpp"

namespace exitgate {

/// A session as far as it is known: by id, by cart and tag, or by both.
struct SessionName {
  std::optional<Uuid> session_id;
  std::optional<CartId> cart_id;
  std::optional<SessionTag> session_tag;
};
[[nodiscard]] inline SessionName name_of(const Receipt& receipt) {
  return {.session_id = receipt.session_id, .cart_id = receipt.cart_id, .session_tag = receipt.session_tag};
}

/// What a session gives to whoever holds its evidence.
struct SessionTerms {
  std::optional<Uuid> session_id;
  std::uint16_t party_size = 1;
  std::optional<Money> total;
  std::optional<WallTime> closed_at;
  WallTime expires_at{};
};

using EntryIndex = std::size_t;  ///< a ledger row; stable while the process runs

class SessionBook {
 public:
  static constexpr std::size_t kMaxExpectedPerLane = 64;
  static constexpr std::size_t kMaxAhead = 1000;
  static constexpr std::size_t kMaxPasses = 1000;
  static constexpr std::size_t kMaxRefusals = 1000;
  static constexpr std::size_t kMaxClaimedNames = 10000;
  static constexpr std::size_t kMaxLanesExpected = 64;
  /// Claims of other gates and revocations are kept 24 h; at the bound the oldest goes first. A session whose claim
  /// went is judged by the question at the lane, one whose revocation went by a closure if it has one.
  static constexpr std::size_t kMaxClaims = 100000;
  static constexpr std::size_t kMaxRevocations = 100000;
  static constexpr Duration kAheadGoodFor = std::chrono::seconds{30};
  static constexpr std::chrono::hours kRevocationKept{24};
  static constexpr std::chrono::hours kUnknownExpiry{24};  ///< of a session whose end nobody has told

  using Writes = std::vector<StoreWrite>;

  // --- start and stream ---
  void load(const LoadedState& state, const Now& now);
  void on_closed(const Closure& closure, const Now& now, Writes& writes);
  void on_expected(const ExpectedWalkout& expected, const Now& now, Writes& writes);
  void on_revoked(const Revocation& revocation, const Now& now, Writes& writes);
  void on_claimed(const Claimed& claim, ShortId own_gate, const Now& now, Writes& writes);
  void on_unclaimed(const Unclaimed& claim, Writes& writes);
  void on_reset(Writes& writes);

  // --- evidence ---
  /// An unexpired closure of this cart and tag.
  [[nodiscard]] std::optional<SessionTerms> closure(CartId cart, const SessionTag& tag, const Now& now) const;
  /// A closure arrived for the session after `asked_at`: what was refused then is overtaken.
  [[nodiscard]] bool closed_since(CartId cart, const SessionTag& tag, MonoTime asked_at) const;
  [[nodiscard]] bool revoked(const SessionName& name, const Now& now) const;
  /// The session of this cart and tag, of whatever was ever heard of them, however old.
  [[nodiscard]] std::optional<Uuid> session_of(CartId cart, const SessionTag& tag) const;
  [[nodiscard]] bool claimed_elsewhere(const std::optional<Uuid>& session_id, const Now& now) const;

  /// Whether a question ahead is worth asking: no evidence yet and none asked lately.
  [[nodiscard]] bool wants_ahead(CartId cart, const SessionTag& tag, const Now& now) const;
  void note_asked_ahead(CartId cart, const SessionTag& tag, const Now& now);
  void keep_ahead(CartId cart, const SessionTag& tag, const Admit& answer, const Now& now);
  [[nodiscard]] std::optional<SessionTerms> ahead(CartId cart, const SessionTag& tag, const Now& now) const;

  /// The backend refused the session to a shopper who stood there, or after they were let in. It stands until a later
  /// closure, an admit to a question asked later or a pass signed later: known-bad never degrades to unknown.
  void keep_refusal(CartId cart, const SessionTag& tag, RefuseReason reason, MonoTime asked_at, const Now& now);
  void end_refusal(CartId cart, const SessionTag& tag, MonoTime asked_at);
  struct KnownRefusal {
    RefuseReason reason{};
    MonoTime asked_at{};
    WallTime asked_wall{};
  };
  [[nodiscard]] const KnownRefusal* refusal(CartId cart, const SessionTag& tag) const;

  void keep_pass(const PassHeard& pass);
  [[nodiscard]] const PassHeard* pass(CartId cart, const SessionTag& tag, const Now& now) const;

  // --- expected walkouts ---
  /// The first entry of the lane that may be used now; used ones are skipped. Entries past their time are dropped.
  [[nodiscard]] std::optional<ExpectedWalkout> expected(const LaneId& lane, const Now& now, Writes& writes);
  void take_expected(const ExpectedWalkout& entry, Writes& writes);
  void return_expected(const ExpectedWalkout& entry, const Now& now, Writes& writes);

  // --- ledger ---
  /// The row of a session, joined where id and tag name the same one; made when there is none.
  EntryIndex entry_for(const SessionName& name, std::uint16_t party, WallTime expires_at, IdSource& ids,
                       const Now& now);
  [[nodiscard]] std::optional<EntryIndex> find(const SessionName& name) const;
  [[nodiscard]] const LedgerEntry& entry(EntryIndex index) const { return rows_[index].entry; }
  /// Whether a lane may admit one more of it now: remaining − reserved ≥ 1. An unknown session may.
  [[nodiscard]] bool may_admit(const SessionName& name) const;
  /// Somebody leaves, or has left, on it here: its claim is ours.
  [[nodiscard]] bool in_use(const SessionName& name) const;
  /// The session is wholly spent: its party has left.
  [[nodiscard]] bool used(const SessionName& name) const;
  /// Whether an exit that ended `unknown` at the restart may be repeated at this lane (flag after_restart).
  [[nodiscard]] bool repeatable_after_restart(const SessionName& name, const LaneId& lane, const Now& now) const;
  void repeat_after_restart(EntryIndex index);

  /// An open authorisation reserves one person.
  void open(EntryIndex index);
  /// `first`: of its authorisation, which reserves nobody from then on.
  void count_passage(EntryIndex index, bool first);
  /// How many more may pass on one of the row's open authorisations, that has counted one already or not.
  [[nodiscard]] int allowance(EntryIndex index, bool has_counted) const;
  /// Ends an open authorisation: `used` persons stay counted of the `passages` it had counted.
  void seal(EntryIndex index, std::uint32_t passages, std::uint32_t used, Writes& writes);
  void allow_repeat(EntryIndex index, const LaneId& lane, MonoTime until);
  /// Drops what has expired; called now and then.
  void tidy(const Now& now, Writes& writes);

  // --- writing it anew, piece by piece ---
  /// Revocations, claims and expected walkouts.
  void rewrite_known(Writes& writes) const;
  /// Rows from that index until `writes` holds `most`; the next index.
  [[nodiscard]] EntryIndex rewrite_ledger(EntryIndex from, std::size_t most, Writes& writes) const;
  /// Closures behind `after` until `writes` holds `most`; the last one written, nothing at the end.
  [[nodiscard]] std::optional<CartTag> rewrite_closures(const std::optional<CartTag>& after, std::size_t most,
                                                        Writes& writes) const;

  [[nodiscard]] std::size_t claims() const { return claims_.size(); }
  [[nodiscard]] std::size_t revocations() const { return revoked_ids_.size() + revoked_tags_.size(); }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.closures_, self.revoked_ids_, self.revoked_tags_, self.claims_, self.ahead_, self.passes_,
          self.claimed_names_, self.refusals_, self.expected_, self.taken_until_, self.rows_, self.free_rows_,
          self.tidied_, self.by_session_, self.by_cart_, self.salvaged_at_);
  }

 private:
  struct KeptAhead {
    std::optional<Admit> answer;
    MonoTime at{};
    MonoTime asked_at{};
  };
  struct KeptExpected {
    ExpectedWalkout entry;
    MonoTime until{};
  };
  struct Row {
    LedgerEntry entry;
    std::uint32_t open = 0;           ///< open authorisations
    std::uint32_t waiting = 0;        ///< of them, on which nobody has passed yet
    std::uint32_t live_passages = 0;  ///< counted in them
    LaneId repeat_lane{};
    MonoTime repeat_until{};
    bool repeating = false;  ///< that admission is open
    bool gone = false;       ///< dropped; its place is given to the next new session
  };
  [[nodiscard]] int remaining(const Row& row) const;
  void index_row(EntryIndex index);
  void drop_row(EntryIndex index, Writes& writes);
  void tidy_ledger(const Now& now, Writes& writes);
  void load_expected(const ExpectedWalkout& entry, const Now& now);
  [[nodiscard]] static MonoTime expected_until(const ExpectedWalkout& entry, const Now& now);
  void tidy_expected(const Now& now, Writes& writes);
  /// The carts and tags that what is known now gives to a session.
  [[nodiscard]] std::set<CartTag> names_of(const Uuid& session_id) const;
  void revoke_tag(const SessionTag& tag, WallTime until, Writes& writes);
  void drop_closure(const ClosureCache::Known& known, Writes& writes);

  ClosureCache closures_;
  struct Nothing {};
  AgingMap<Uuid, Nothing> revoked_ids_{kMaxRevocations};
  AgingMap<SessionTag, Nothing> revoked_tags_{kMaxRevocations};
  AgingMap<Uuid, ShortId> claims_{kMaxClaims};
  std::map<CartTag, KeptAhead> ahead_;
  std::map<CartTag, PassHeard> passes_;
  std::map<CartTag, Uuid> claimed_names_;  ///< of sessions claimed elsewhere, also when what told it is gone
  std::map<CartTag, KnownRefusal> refusals_;
  std::map<LaneId, std::deque<KeptExpected>> expected_;
  std::unordered_map<Uuid, MonoTime> taken_until_;  ///< how long entries that were taken may be used once returned
  std::deque<Row> rows_;
  std::vector<EntryIndex> free_rows_;
  EntryIndex tidied_ = 0;  ///< where the next tidying goes on
  std::unordered_map<Uuid, EntryIndex> by_session_;
  std::map<CartTag, EntryIndex> by_cart_;
  std::optional<WallTime> salvaged_at_;
};

}  // namespace exitgate
