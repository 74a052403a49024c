// What the gate and the backend say to each other, as values (backend contract). Encoding lives in backend/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/wall_time.hpp"
#include "core/receipt.hpp"

namespace exitgate {

enum class Stage : std::uint8_t { kAhead, kPresent, kAdmitted, kLapsed };
[[nodiscard]] std::string_view to_string(Stage stage);

/// POST /v1/exits/confirm. store_id and gate_id are the client's own.
struct ConfirmRequest {
  Uuid request_id;  ///< the same on a retry
  LaneId lane_id;
  bool cart = false;  ///< kind: cart or walkout
  WallTime observed_at{};
  Stage stage = Stage::kPresent;
  std::optional<CartId> cart_id;
  std::optional<SessionTag> session_tag;
  std::optional<Uuid> session_id;
};

enum class AdmitReason : std::uint8_t { kClosed, kSettledAtTill, kNothingBought };
/// An unknown refuse reason is read as kInspection.
enum class RefuseReason : std::uint8_t { kSessionOpen, kPaymentFailed, kUnknownSession, kInspection, kAlreadyUsed };
[[nodiscard]] std::string_view to_string(AdmitReason reason);
[[nodiscard]] std::string_view to_string(RefuseReason reason);

struct Admit {
  AdmitReason reason = AdmitReason::kClosed;
  Uuid session_id;
  WallTime expires_at{};
  std::optional<WallTime> closed_at;
  std::uint16_t party_size = 1;
  std::optional<Money> total;
};
struct Refuse {
  RefuseReason reason = RefuseReason::kInspection;
};
enum class NoAnswerCause : std::uint8_t {
  kTimeout,
  kTransport,
  kTls,
  kCredentials,
  kClientError,
  kServerError,
  kMalformed
};
struct NoAnswer {
  NoAnswerCause cause = NoAnswerCause::kTimeout;
  std::string detail;  ///< for people: what happened, where
};
using ConfirmAnswer = std::variant<Admit, Refuse, NoAnswer>;

// --- closures stream -------------------------------------------------------------------------------------------

struct Closure {
  SessionTag session_tag;
  CartId cart_id = 0;
  Uuid session_id;
  WallTime closed_at{};
  WallTime expires_at{};
  std::uint16_t party_size = 1;
  std::optional<Money> total;
  friend bool operator==(const Closure&, const Closure&) = default;
};
struct ExpectedWalkout {
  LaneId lane_id;
  Uuid session_id;
  WallTime at{};
  WallTime expires_at{};
  std::uint16_t party_size = 1;
  friend bool operator==(const ExpectedWalkout&, const ExpectedWalkout&) = default;
};
/// Names a session by id, by tag, or by both.
struct Revocation {
  std::optional<Uuid> session_id;
  std::optional<SessionTag> session_tag;
  friend bool operator==(const Revocation&, const Revocation&) = default;
};
struct Claimed {
  Uuid session_id;
  ShortId gate_id;
};
struct Unclaimed {
  Uuid session_id;
  ShortId gate_id;
};
struct Keepalive {};
struct Reset {};
using StreamEvent = std::variant<Closure, ExpectedWalkout, Revocation, Claimed, Unclaimed, Keepalive, Reset>;

// --- pass keys -------------------------------------------------------------------------------------------------

struct PassKey {
  std::uint8_t key_id = 0;
  std::array<std::uint8_t, 32> public_key{};
  std::optional<WallTime> not_before;
  std::optional<WallTime> not_after;
  friend bool operator==(const PassKey&, const PassKey&) = default;
};

}  // namespace exitgate
