// The exit receipt and its vocabulary, as the backend contract names them ("Receipt").
// Values only; encoding and hashing live in receipts/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/wall_time.hpp"

namespace exitgate {

enum class ReceiptKind : std::uint8_t { kCart, kWalkout, kStaff, kReleased, kFault, kUnauthorised };
enum class Basis : std::uint8_t { kPrefetched, kConfirmed, kSignedPass, kOfflinePolicy, kStaff, kReleased, kFault };
enum class Outcome : std::uint8_t { kPassed, kNotUsed, kUnknown };

/// In alphabetical order of their names, which is the order in a receipt.
enum class Flag : std::uint8_t {
  kAfterRestart,
  kAmbiguousCart,
  kBackendUnaware,
  kBeaconConflict,
  kCartStillHere,
  kExpectedMismatch,
  kForced,
  kLateRefusal,
  kNotDurable,
  kObstructed,
  kReassigned,
  kReceiverDown,
  kSensorLost,
  kTailgate,
  kWrongWay,
};
inline constexpr std::size_t kFlagCount = 15;

[[nodiscard]] std::string_view to_string(ReceiptKind kind);
[[nodiscard]] std::string_view to_string(Basis basis);
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] std::string_view to_string(Flag flag);
[[nodiscard]] std::optional<ReceiptKind> parse_receipt_kind(std::string_view text);
[[nodiscard]] std::optional<Basis> parse_basis(std::string_view text);
[[nodiscard]] std::optional<Outcome> parse_outcome(std::string_view text);
[[nodiscard]] std::optional<Flag> parse_flag(std::string_view text);

/// A set of flags; iterates in the order of a receipt.
class Flags {
 public:
  void add(Flag flag) { bits_ = static_cast<std::uint16_t>(bits_ | (1U << static_cast<unsigned>(flag))); }
  void remove(Flag flag) { bits_ = static_cast<std::uint16_t>(bits_ & ~(1U << static_cast<unsigned>(flag))); }
  [[nodiscard]] bool has(Flag flag) const { return (bits_ >> static_cast<unsigned>(flag)) & 1U; }
  [[nodiscard]] bool empty() const { return bits_ == 0; }
  [[nodiscard]] std::uint16_t bits() const { return bits_; }
  [[nodiscard]] static Flags from_bits(std::uint16_t bits) {
    Flags f;
    f.bits_ = bits;
    return f;
  }
  [[nodiscard]] std::vector<Flag> list() const;
  friend bool operator==(const Flags&, const Flags&) = default;

 private:
  std::uint16_t bits_ = 0;
};

/// An amount in the currency's minor unit; `currency` is three upper-case letters (ISO 4217).
struct Money {
  std::int64_t amount_minor = 0;
  std::array<char, 3> currency{};
  [[nodiscard]] std::string_view currency_code() const { return {currency.data(), currency.size()}; }
  friend bool operator==(const Money&, const Money&) = default;
};

/// What the lane knows of an exit. While open it has neither `outcome` nor `ended_at`; sequence, chain and hashes
/// are given by the store when it is sealed (SealedReceipt in receipts/).
struct Receipt {
  Uuid receipt_id;
  ShortId store_id;
  ShortId gate_id;
  LaneId lane_id;
  ReceiptKind kind = ReceiptKind::kUnauthorised;
  std::optional<Uuid> session_id;
  std::optional<SessionTag> session_tag;
  std::optional<CartId> cart_id;
  std::optional<Basis> basis;
  std::optional<Outcome> outcome;
  std::optional<std::uint16_t> party_size;
  std::uint32_t passages = 0;
  WallTime authorised_at{};
  std::optional<WallTime> opened_at;
  std::optional<WallTime> passed_at;
  std::optional<WallTime> ended_at;
  bool clock_synchronised = true;
  Uuid boot_id;
  std::int64_t authorised_mono_ms = 0;  ///< CLOCK_BOOTTIME
  std::optional<Money> total;
  Flags flags;
  std::string by;             ///< staff receipts; empty: left out
  std::string note;           ///< staff receipts; empty: left out
  std::optional<Bytes> pass;  ///< the signed pass that was the basis, as received
  friend bool operator==(const Receipt&, const Receipt&) = default;
};

}  // namespace exitgate
