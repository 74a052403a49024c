#include "beacon/frames.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"

namespace exitgate::beacon {
namespace {

constexpr std::uint8_t kManufacturerSpecific = 0xFF;
constexpr std::string_view kNoCurrency = "XXX";

std::uint32_t read_u32(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | std::uint32_t{at[3]};
}

void write_u32(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 24);
  at[1] = static_cast<std::uint8_t>(value >> 16);
  at[2] = static_cast<std::uint8_t>(value >> 8);
  at[3] = static_cast<std::uint8_t>(value);
}

std::optional<Money> read_total(const std::uint8_t* at) {
  Money money{.amount_minor = read_u32(at), .currency = {}};
  for (std::size_t i = 0; i < money.currency.size(); ++i) {
    const auto letter = static_cast<char>(at[4 + i]);
    if (letter < 'A' || letter > 'Z') return std::nullopt;
    money.currency[i] = letter;
  }
  return money;
}

}  // namespace

std::string_view to_string(CartState state) {
  switch (state) {
    case CartState::kIdle:
      return "idle";
    case CartState::kShopping:
      return "shopping";
    case CartState::kClosing:
      return "closing";
    case CartState::kClosed:
      return "closed";
    case CartState::kNeedsAssistance:
      return "needs_assistance";
  }
  return "unknown";
}

std::array<std::uint8_t, kPresenceSignedSize> presence_head(const Presence& presence) {
  std::array<std::uint8_t, kPresenceSignedSize> head{};
  head[0] = kPresenceVersion;
  head[1] = static_cast<std::uint8_t>(presence.state);
  write_u32(&head[2], presence.cart_id);
  std::copy(presence.session_tag.bytes.begin(), presence.session_tag.bytes.end(), &head[6]);
  head[12] = static_cast<std::uint8_t>(presence.time24 >> 16);
  head[13] = static_cast<std::uint8_t>(presence.time24 >> 8);
  head[14] = static_cast<std::uint8_t>(presence.time24);
  head[15] = static_cast<std::uint8_t>(presence.tx_dbm);
  return head;
}

Presence read_presence(std::span<const std::uint8_t, kPresenceSize> frame) {
  Presence presence{.state = static_cast<CartState>(frame[1]),
                    .cart_id = read_u32(&frame[2]),
                    .session_tag = {},
                    .time24 = std::uint32_t{frame[12]} << 16 | std::uint32_t{frame[13]} << 8 | frame[14],
                    .tx_dbm = static_cast<std::int8_t>(frame[15])};
  std::copy_n(&frame[6], presence.session_tag.bytes.size(), presence.session_tag.bytes.begin());
  return presence;
}

std::array<std::uint8_t, kPassSignedSize> pass_head(const Pass& pass) {
  std::array<std::uint8_t, kPassSignedSize> head{};
  head[0] = kPassVersion;
  head[1] = pass.key_id;
  write_u32(&head[2], pass.cart_id);
  std::copy(pass.session_tag.bytes.begin(), pass.session_tag.bytes.end(), &head[6]);
  write_u32(&head[12], static_cast<std::uint32_t>(pass.closed_at_unix_s));
  write_u32(&head[16], static_cast<std::uint32_t>(pass.expires_at_unix_s));
  write_u32(&head[20], pass.total ? static_cast<std::uint32_t>(pass.total->amount_minor) : 0);
  const auto currency = pass.total ? pass.total->currency_code() : kNoCurrency;
  std::copy(currency.begin(), currency.end(), &head[24]);
  head[27] = pass.party_size;
  std::copy(pass.session_id.bytes.begin(), pass.session_id.bytes.end(), &head[28]);
  std::copy(pass.basket_digest.begin(), pass.basket_digest.end(), &head[44]);
  return head;
}

Pass read_pass(std::span<const std::uint8_t, kPassSize> payload) {
  Pass pass{.key_id = payload[1],
            .cart_id = read_u32(&payload[2]),
            .session_tag = {},
            .closed_at_unix_s = read_u32(&payload[12]),
            .expires_at_unix_s = read_u32(&payload[16]),
            .total = read_total(&payload[20]),
            .party_size = payload[27],
            .session_id = {},
            .basket_digest = {}};
  std::copy_n(&payload[6], pass.session_tag.bytes.size(), pass.session_tag.bytes.begin());
  std::copy_n(&payload[28], pass.session_id.bytes.size(), pass.session_id.bytes.begin());
  std::copy_n(&payload[44], pass.basket_digest.size(), pass.basket_digest.begin());
  return pass;
}

std::optional<std::span<const std::uint8_t>> find_manufacturer_data(std::span<const std::uint8_t> ad_data,
                                                                    std::uint16_t company_id) {
  const auto company_low = static_cast<std::uint8_t>(company_id);
  const auto company_high = static_cast<std::uint8_t>(company_id >> 8);
  // A length of zero ends the significant part of advertising data.
  while (ad_data.size() >= 2 && ad_data[0] != 0) {
    const std::size_t length = ad_data[0];
    if (length > ad_data.size() - 1) return std::nullopt;
    if (length >= 3 && ad_data[1] == kManufacturerSpecific && ad_data[2] == company_low && ad_data[3] == company_high) {
      return ad_data.subspan(4, length - 3);
    }
    ad_data = ad_data.subspan(length + 1);
  }
  return std::nullopt;
}

Bytes wrap_manufacturer_data(std::uint16_t company_id, std::span<const std::uint8_t> payload) {
  EXITGATE_CHECK(payload.size() <= 252);
  Bytes structure{static_cast<std::uint8_t>(payload.size() + 3), kManufacturerSpecific,
                  static_cast<std::uint8_t>(company_id), static_cast<std::uint8_t>(company_id >> 8)};
  structure.insert(structure.end(), payload.begin(), payload.end());
  return structure;
}

}  // namespace exitgate::beacon
