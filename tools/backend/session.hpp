// A shopper's session as the reference backend knows it, and every decision about it (backend contract, "confirm").
// Pure values and functions: time is an argument, nothing is stored or sent here.
//
// Claims: the gate that was admitted first leads; while it leads every other gate is answered already_used. A second
// gate that opened on local evidence stands behind it and takes the lead when the first lets go.
// Party: passages of `passed` receipts count against the party at every gate; once it is complete nobody is admitted,
// the claiming gate neither, because a gate with a new database relies on this answer. A receipt of outcome `unknown`
// keeps the claim, so that other gates are refused and the gate itself may admit once more after its restart.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/wall_time.hpp"
#include "core/backend_messages.hpp"
#include "core/receipt.hpp"

namespace exitgate::reference {

enum class SessionState : std::uint8_t { kOpen, kClosed, kSettledAtTill, kNothingBought, kPaymentFailed, kInspection };
[[nodiscard]] std::string_view to_string(SessionState state);
[[nodiscard]] std::optional<SessionState> parse_session_state(std::string_view text);
/// closed, settled_at_till and nothing_bought: the shopper may leave.
[[nodiscard]] bool may_leave(SessionState state);

struct Session {
  Uuid session_id;
  bool cart = true;        ///< otherwise a walkout
  CartId cart_id = 0;      ///< carts only
  SessionTag session_tag;  ///< carts only
  SessionState state = SessionState::kOpen;
  bool revoked = false;
  std::optional<WallTime> closed_at;
  WallTime expires_at{};
  std::uint16_t party_size = 1;
  std::optional<Money> total;
  std::vector<ShortId> claims;              ///< in order of claiming; the first leads
  std::map<ShortId, std::uint32_t> passed;  ///< passages of `passed` receipts, by gate
  std::set<ShortId> unknown_at;             ///< gates with a receipt of outcome `unknown`
  friend bool operator==(const Session&, const Session&) = default;
};

using Decision = std::variant<Admit, Refuse>;

/// May this session's shopper leave through `gate`? A session nobody knows is given as nullptr.
[[nodiscard]] Decision judge(const Session* session, const ShortId& gate, WallTime now);

/// What is left of the party after the passages counted at other gates: what `gate` may admit in all.
[[nodiscard]] std::uint16_t party_for(const Session& session, const ShortId& gate);
[[nodiscard]] bool party_complete(const Session& session);
/// The gate whose claim refuses the others.
[[nodiscard]] std::optional<ShortId> leading_claim(const Session& session);

void claim(Session& session, const ShortId& gate);
/// Does nothing where the gate has a receipt of outcome `unknown`: that uses the whole party for good.
void release_claim(Session& session, const ShortId& gate);

/// What a stored receipt says of its session. not_used ends the gate's claim whenever it arrives, as the contract has
/// it.
void apply_receipt(Session& session, const ShortId& gate, Outcome outcome, std::uint32_t passages);

}  // namespace exitgate::reference
