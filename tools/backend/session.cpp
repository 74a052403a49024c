#include "tools/backend/session.hpp"

#include <algorithm>
#include <array>

namespace exitgate::reference {
namespace {

constexpr std::array<std::string_view, 6> kStates{"open",           "closed",         "settled_at_till",
                                                  "nothing_bought", "payment_failed", "inspection"};

AdmitReason admit_reason(SessionState state) {
  if (state == SessionState::kSettledAtTill) return AdmitReason::kSettledAtTill;
  if (state == SessionState::kNothingBought) return AdmitReason::kNothingBought;
  return AdmitReason::kClosed;
}

std::uint32_t passed_at_all(const Session& session) {
  std::uint32_t sum = 0;
  for (const auto& [gate, passages] : session.passed) sum += passages;
  return sum;
}

}  // namespace

std::string_view to_string(SessionState state) { return kStates.at(static_cast<std::size_t>(state)); }

std::optional<SessionState> parse_session_state(std::string_view text) {
  const auto found = std::find(kStates.begin(), kStates.end(), text);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<SessionState>(found - kStates.begin());
}

bool may_leave(SessionState state) {
  return state == SessionState::kClosed || state == SessionState::kSettledAtTill ||
         state == SessionState::kNothingBought;
}

Decision judge(const Session* session, const ShortId& gate, WallTime now) {
  if (session == nullptr) return Refuse{RefuseReason::kUnknownSession};
  const auto leader = leading_claim(*session);
  if (party_complete(*session) || (leader && *leader != gate)) return Refuse{RefuseReason::kAlreadyUsed};
  if (session->revoked || session->state == SessionState::kInspection) return Refuse{RefuseReason::kInspection};
  if (session->state == SessionState::kOpen) return Refuse{RefuseReason::kSessionOpen};
  if (session->state == SessionState::kPaymentFailed) return Refuse{RefuseReason::kPaymentFailed};
  // The contract names no reason for an expired session; somebody has to look at it.
  if (now > session->expires_at) return Refuse{RefuseReason::kInspection};
  return Admit{admit_reason(session->state), session->session_id,       session->expires_at,
               session->closed_at,           party_for(*session, gate), session->total};
}

std::uint16_t party_for(const Session& session, const ShortId& gate) {
  std::uint32_t elsewhere = 0;
  for (const auto& [other, passages] : session.passed) {
    if (other != gate) elsewhere += passages;
  }
  return static_cast<std::uint16_t>(session.party_size > elsewhere ? session.party_size - elsewhere : 0);
}

bool party_complete(const Session& session) { return passed_at_all(session) >= session.party_size; }

std::optional<ShortId> leading_claim(const Session& session) {
  if (session.claims.empty()) return std::nullopt;
  return session.claims.front();
}

void claim(Session& session, const ShortId& gate) {
  if (std::find(session.claims.begin(), session.claims.end(), gate) == session.claims.end()) {
    session.claims.push_back(gate);
  }
}

void release_claim(Session& session, const ShortId& gate) {
  if (!session.unknown_at.contains(gate)) std::erase(session.claims, gate);
}

void apply_receipt(Session& session, const ShortId& gate, Outcome outcome, std::uint32_t passages) {
  switch (outcome) {
    case Outcome::kNotUsed:
      release_claim(session, gate);
      return;
    case Outcome::kUnknown:
      session.unknown_at.insert(gate);
      claim(session, gate);
      return;
    case Outcome::kPassed:
      session.passed[gate] += passages;
      // Complete: the claim tells the other gates without being asked. Short of the party: the rest may go anywhere.
      if (party_complete(session)) {
        claim(session, gate);
      } else {
        release_claim(session, gate);
      }
      return;
  }
}

}  // namespace exitgate::reference
