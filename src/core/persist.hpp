// What must outlive the process: the writes the controller asks for and the state it is given at start.
// A vector of StoreWrites is one durable transaction, in order. Written by receipts/ (SQLite) and by the simulator's
// disk.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/backend_messages.hpp"
#include "core/lane_config.hpp"
#include "core/receipt.hpp"

namespace exitgate {

/// A session in the ledger of used sessions. Named by session_id, by (cart_id, session_tag), or both once known.
struct LedgerEntry {
  Uuid entry_id;  ///< the gate's own key of the row; never leaves the box
  std::optional<Uuid> session_id;
  std::optional<CartId> cart_id;
  std::optional<SessionTag> session_tag;
  std::uint16_t party_size = 1;
  std::uint32_t used = 0;  ///< passages of sealed receipts
  WallTime expires_at{};   ///< the row may be dropped after this and a day
  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

/// What of a lane's state survives a restart.
struct LaneDurable {
  LaneId lane_id;
  LaneMode mode = LaneMode::kCart;
  bool mode_set_by_staff = false;
  bool released = false;
  bool held_open = false;
  bool out_of_service = false;
  bool stuck_travel = false;  ///< faulted until a named reset
  std::string by;             ///< who set the strongest of them
  std::string note;
  friend bool operator==(const LaneDurable&, const LaneDurable&) = default;
};

struct ReplayMark {
  CartId cart_id = 0;
  std::int64_t newest_unix_s = 0;
  friend bool operator==(const ReplayMark&, const ReplayMark&) = default;
};

// --- writes ----------------------------------------------------------------------------------------------------

struct PutOpenReceipt {
  Receipt receipt;
};  ///< inserts, or replaces the open receipt of that id
struct PutSealedReceipt {
  Receipt receipt;
};  ///< seals: sequence, previous hash and hash are given in this transaction
struct PutLedger {
  LedgerEntry entry;
};
struct DropLedger {
  Uuid entry_id;
};
struct PutLane {
  LaneDurable lane;
};
struct PutClosure {
  Closure closure;
};
struct DropClosure {
  Uuid session_id;
};
struct DropAllClosures {};
/// Closures, expected walkouts, revocations and claims: all that the closures stream told.
struct DropAllSessions {};
struct PutExpected {
  ExpectedWalkout expected;
};
struct DropExpected {
  Uuid session_id;
  LaneId lane_id;
};
struct PutRevocation {
  Revocation revocation;
  WallTime kept_until{};
};
struct PutClaim {
  Uuid session_id;
  ShortId gate_id;
  WallTime kept_until{};
};
struct DropClaim {
  Uuid session_id;
};
struct PutCursor {
  std::string last_event_id;
};  ///< empty: none
struct PutReplayMarks {
  std::vector<ReplayMark> marks;
};
struct DropReplayMark {
  CartId cart_id = 0;
};
struct PutClockFloor {
  WallTime floor{};
};
struct PutPassKeys {
  std::vector<PassKey> keys;
};
/// When the backend was heard last, or the box first started without hearing it.
struct LastValidAnswer {
  WallTime at{};
  /// How long the outage had lasted by the monotonic clock when this was written: wall clocks may not tell.
  milliseconds outage{0};
};
struct PutLastValidAnswer {
  LastValidAnswer last;
};

using StoreWrite =
    std::variant<PutOpenReceipt, PutSealedReceipt, PutLedger, DropLedger, PutLane, PutClosure, DropClosure,
                 DropAllClosures, DropAllSessions, PutExpected, DropExpected, PutRevocation, PutClaim, DropClaim,
                 PutCursor, PutReplayMarks, DropReplayMark, PutClockFloor, PutPassKeys, PutLastValidAnswer>;

// --- state at start --------------------------------------------------------------------------------------------

struct KeptRevocation {
  Revocation revocation;
  WallTime kept_until{};
};
struct KeptClaim {
  Uuid session_id;
  ShortId gate_id;
  WallTime kept_until{};
};
/// An exit admitted by the offline policy in the last hour, for its limits.
struct OfflineExit {
  WallTime authorised_at{};
  std::optional<Money> total;
  bool clock_synchronised = true;  ///< false: when it was is not known
};

struct LoadedState {
  std::vector<Receipt> open_receipts;  ///< in order of authorised_at
  std::vector<LedgerEntry> ledger;
  std::vector<LaneDurable> lanes;
  std::vector<Closure> closures;
  std::vector<ExpectedWalkout> expected;
  std::vector<KeptRevocation> revocations;
  std::vector<KeptClaim> claims;
  std::vector<ReplayMark> replay_marks;
  std::vector<PassKey> pass_keys;
  std::vector<OfflineExit> offline_exits;
  std::string last_event_id;
  std::optional<WallTime> clock_floor;
  std::optional<LastValidAnswer> last_valid_answer;
  std::optional<WallTime>
      salvaged_at;  ///< database begun anew after damage: closures and passes older than this need `confirmed`
};

}  // namespace exitgate
