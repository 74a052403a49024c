// The two payloads a cart broadcasts, as values, and where they sit in advertising data (beacon contract, "Presence
// frame" and "Exit pass"; AD structures: Bluetooth Core 5.3, Vol 3, Part C, 11). Layout only: nothing here is
// authenticated. Pure; no allocation but in wrap_manufacturer_data(); hostile lengths are safe. All integers are
// big-endian.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "core/receipt.hpp"

namespace exitgate::beacon {

inline constexpr std::uint16_t kTestCompanyId = 0xFFFF;
inline constexpr std::size_t kPresenceSize = 24;
inline constexpr std::size_t kPresenceSignedSize = 16;
inline constexpr std::size_t kPassSize = 118;
inline constexpr std::size_t kPassSignedSize = 54;
inline constexpr std::uint8_t kPresenceVersion = 0x11;
inline constexpr std::uint8_t kPassVersion = 0x21;

using PresenceBytes = std::array<std::uint8_t, kPresenceSize>;
using PassBytes = std::array<std::uint8_t, kPassSize>;

enum class CartState : std::uint8_t { kIdle, kShopping, kClosing, kClosed, kNeedsAssistance };
inline constexpr std::uint8_t kCartStateCount = 5;
[[nodiscard]] std::string_view to_string(CartState state);  ///< "idle", "shopping", …, "needs_assistance"

struct Presence {
  CartState state = CartState::kIdle;
  CartId cart_id = 0;
  SessionTag session_tag;
  std::uint32_t time24 = 0;  ///< Unix seconds modulo 2^24
  std::int8_t tx_dbm = -59;  ///< measured power at 1 m
  friend bool operator==(const Presence&, const Presence&) = default;
};

struct Pass {
  std::uint8_t key_id = 0;
  CartId cart_id = 0;
  SessionTag session_tag;
  std::int64_t closed_at_unix_s = 0;   ///< 0 … 2^32 − 1
  std::int64_t expires_at_unix_s = 0;  ///< valid in that second, not after
  std::optional<Money> total;  ///< nothing when the currency is not three upper-case letters; at most 2^32 − 1
  std::uint8_t party_size = 1;
  Uuid session_id;
  std::array<std::uint8_t, 8> basket_digest{};
  friend bool operator==(const Pass&, const Pass&) = default;
};

/// Bytes 0–15 of a presence frame: what its MAC is taken over.
[[nodiscard]] std::array<std::uint8_t, kPresenceSignedSize> presence_head(const Presence& presence);
/// Bytes 0–53 of a pass: what its signature is taken over.
[[nodiscard]] std::array<std::uint8_t, kPassSignedSize> pass_head(const Pass& pass);

/// Reads the fields of a frame whose version and state were checked.
[[nodiscard]] Presence read_presence(std::span<const std::uint8_t, kPresenceSize> frame);
[[nodiscard]] Pass read_pass(std::span<const std::uint8_t, kPassSize> payload);

/// The payload of the first manufacturer-specific structure (type 0xFF) of that company; any other structure is
/// skipped. Nothing when there is none; a structure longer than the data ends the search.
[[nodiscard]] std::optional<std::span<const std::uint8_t>> find_manufacturer_data(std::span<const std::uint8_t> ad_data,
                                                                                  std::uint16_t company_id);

/// One manufacturer-specific AD structure around `payload` (at most 252 bytes), for senders.
[[nodiscard]] Bytes wrap_manufacturer_data(std::uint16_t company_id, std::span<const std::uint8_t> payload);

}  // namespace exitgate::beacon
