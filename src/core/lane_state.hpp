// What a lane is made of: what it sees, its phases, whoever stands at its approach, and its authorisations. Plain
// values; the lane (lane.hpp) is their only owner.
#pragma once

#include <optional>
#include <variant>

#include "core/gate_state.hpp"

namespace exitgate {

/// Eyes and contacts as of one step. An eye that can't be read is blocked (safety, exit) or as last read (approach).
struct LaneEyes {
  InputLevel approach, safety, exit, passage, staff_key, release;
  std::optional<bool> limit_open, limit_closed;  ///< nothing: not bound, or not readable; inferred from each other
  bool limits_contradict = false;
  bool closed_doubted = false;  ///< the closed contact was active together with the open one, and not inactive since
  bool limits_bound = false;

  [[nodiscard]] bool approach_blocked() const { return approach.bound && approach.active; }
  [[nodiscard]] bool safety_blocked() const {
    return safety.bound && (safety.active || safety.raw || !safety.readable);
  }
  [[nodiscard]] bool exit_blocked() const { return exit.bound && (exit.active || !exit.readable); }
  /// One contact that contradicts the other proves nothing, nor does one that has been stuck since it did.
  [[nodiscard]] bool at_closed_limit() const { return limit_closed == true && limit_open != true && !closed_doubted; }
  /// Nobody is seen in the swept area or behind it.
  [[nodiscard]] bool inside_clear() const { return !safety_blocked() && !exit_blocked(); }
};

/// One opening for somebody, or one override: what its receipt becomes.
struct Authorisation {
  Receipt receipt;
  std::optional<EntryIndex> entry;  ///< ledger row it reserves a person of
  std::uint32_t counted = 0;        ///< passages that used up the session
  std::uint16_t party = 1;
  bool unlimited = false;  ///< overrides and faults: whoever comes
  Ticket ticket = 0;       ///< of the write that made it: the barrier waits for this one, not for later ones
  MonoTime since{};
  MonoTime shopper_since{};  ///< for the decision's duration
  std::optional<double> level_at_admission;
  bool approach_cleared = false;  ///< since the admission
  bool safety_seen = false;
  std::optional<MonoTime> last_passage;
  std::optional<ExpectedWalkout> expected;
  std::optional<SessionName> used_when_passed;  ///< staff: the bound session counts as used then
  std::optional<Uuid> claimed;                  ///< staff: what the backend has claimed for whom they let out
  std::uint64_t presence = 0;                   ///< whose verdict it was
  std::uint32_t pulses = 0;                     ///< sent to a gate with its own control unit
  bool overdue_told = false;                    ///< receipt_not_durable was raised for it
  bool to_tell = false;                         ///< the backend is told of it once the barrier is commanded open
};

// --- phases: each owns its own deadlines --------------------------------------------------------------------------
struct Recovering {
  bool from_start = false;
  std::optional<MonoTime> blocked_since;
};
struct Closed {};  ///< idle, present, deciding, refused: by the shopper
struct Admitting {
  bool commanded = false;
  int tries = 0;
  MonoTime tried_at{};
  bool from_open = false;
};
struct Passing {};
struct Clearing {
  MonoTime not_before{};
};
struct Closing {};
struct Released {};
struct HeldOpen {};
struct Faulted {
  bool keep_barrier = false;
  std::optional<MonoTime> well_since;
};
struct OutOfService {
  bool closing = false;
  MonoTime not_before{};
};
using LanePhase =
    std::variant<Recovering, Closed, Admitting, Passing, Clearing, Closing, Released, HeldOpen, Faulted, OutOfService>;

// --- whoever stands at the approach ----------------------------------------------------------------------------------
struct ShopperRefused {
  ShownReason reason = ShownReason::kSeeStaff;
  int asked_again = 0;
  MonoTime ask_again_at{};
  bool until_clear = false;  ///< stays refused until the approach clears
};
struct Shopper {
  std::uint64_t presence = 0;
  MonoTime since{};
  std::optional<MonoTime> gone_since;
  bool identified = false;  ///< deciding
  bool walkout = false;
  std::optional<CartId> cart;
  SessionTag tag;
  MonoTime cart_here_at{};  ///< when it last was this lane's by its level
  BeaconState state = BeaconState::kIdle;
  Flags flags;
  bool conflicting = false;
  bool ambiguous = false;
  bool idle_alone = false;
  std::optional<MonoTime> ambiguous_since;
  std::optional<QuestionId> question;  ///< asked for this presence and not answered yet
  MonoTime asked_at{};
  bool asked = false;
  std::optional<ConfirmAnswer> answer;
  MonoTime answered_asked_at{};  ///< when the question it answers was asked
  std::optional<ShopperRefused> refused;
};

}  // namespace exitgate
