#include "tools/sim/transmitters.hpp"

#include <algorithm>
#include <span>

#include "tools/sim/points.hpp"

namespace exitgate::sim {
namespace {

constexpr std::string_view kForeignStore = "SEA-043";
constexpr std::chrono::minutes kStaleFor{10};
constexpr std::chrono::seconds kReplayedAfter{5};

beacon::Key key_of(std::uint64_t seed, std::uint8_t purpose) {
  Dice dice(seed * 256 + purpose);
  beacon::Key key;
  for (auto& byte : key) byte = static_cast<std::uint8_t>(dice.bits());
  return key;
}

}  // namespace

Transmitters::Transmitters(std::uint64_t seed)
    : store_key_(key_of(seed, 1)), macs_(kStoreName, {&store_key_, 1}), foreign_(kForeignStore, {&store_key_, 1}) {
  rotate_pass_key();
}

void Transmitters::rotate_pass_key() {
  const auto id = static_cast<std::uint8_t>(public_keys_.size() + 1);
  auto seed = store_key_;
  seed[0] = static_cast<std::uint8_t>(seed[0] ^ id);
  private_keys_.push_back(seed);
  public_keys_.push_back(
      {.key_id = id, .public_key = beacon::derive_public_key(seed), .not_before = {}, .not_after = {}});
}

const beacon::Key& Transmitters::cart_key(CartId cart) {
  auto found = cart_keys_.find(cart);
  if (found == cart_keys_.end()) found = cart_keys_.emplace(cart, macs_.cart_key(0, cart)).first;
  return found->second;
}

Bytes Transmitters::presence(const Session& session, beacon::CartState state, WallTime sent, Sham sham) {
  if (sham == Sham::kStale) sent -= kStaleFor;
  if (sham == Sham::kReplayed) sent -= kReplayedAfter;
  const beacon::Presence said{.state = state,
                              .cart_id = session.cart,
                              .session_tag = session.tag,
                              .time24 = static_cast<std::uint32_t>(unix_s(sent) & 0xFFFFFF),
                              .tx_dbm = -59};
  const auto head = beacon::presence_head(said);
  auto key = cart_key(session.cart);
  if (sham == Sham::kForged) key[0] = static_cast<std::uint8_t>(key[0] ^ 1U);
  const auto mac = sham == Sham::kForeign ? foreign_.mac(key, head) : macs_.mac(key, head);
  beacon::PresenceBytes frame{};
  std::copy(mac.begin(), mac.end(), std::copy(head.begin(), head.end(), frame.begin()));
  return beacon::wrap_manufacturer_data(beacon::kTestCompanyId, frame);
}

Bytes Transmitters::pass(const Session& session, bool forged) {
  const auto known = passes_.find(session.id);
  if (!forged && known != passes_.end()) return known->second;
  const beacon::Pass said{.key_id = public_keys_.back().key_id,
                          .cart_id = session.cart,
                          .session_tag = session.tag,
                          .closed_at_unix_s = unix_s(session.closed_at),
                          .expires_at_unix_s = unix_s(session.expires_at),
                          .total = Money{4599, {'U', 'S', 'D'}},
                          .party_size = static_cast<std::uint8_t>(session.party),
                          .session_id = session.id,
                          .basket_digest = {}};
  const auto signed_pass = beacon::sign_pass(said, kStoreName, forged ? store_key_ : private_keys_.back());
  auto bytes = beacon::wrap_manufacturer_data(beacon::kTestCompanyId, signed_pass);
  if (!forged) passes_.emplace(session.id, bytes);
  return bytes;
}

}  // namespace exitgate::sim
