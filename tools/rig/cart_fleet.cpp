#include "tools/rig/cart_fleet.hpp"

#include "beacon/crypto.hpp"
#include "beacon/frames.hpp"

namespace exitgate::rig {
namespace {

constexpr Duration kSlow{milliseconds{500}};
constexpr Duration kFast{milliseconds{100}};
constexpr Duration kPassEvery{milliseconds{500}};
constexpr std::int64_t kJitterUs = 10000;  // Bluetooth Core 5.3, Vol 6, Part B, 4.4.2.2.1: advDelay

Duration period(CartSays says) { return says == CartSays::kClosing || says == CartSays::kClosed ? kFast : kSlow; }

std::array<std::uint8_t, 6> radio_address(CartId cart_id) {
  return {0xC3,
          0x0D,
          static_cast<std::uint8_t>(cart_id >> 24),
          static_cast<std::uint8_t>(cart_id >> 16),
          static_cast<std::uint8_t>(cart_id >> 8),
          static_cast<std::uint8_t>(cart_id)};
}

}  // namespace

CartFleet::CartFleet(const BeaconSpec& spec, const std::array<std::uint8_t, 32>& store_key, std::uint64_t seed)
    : spec_(spec), store_key_(store_key), random_(seed), radio_(seed ^ 0x9e3779b97f4a7c15ULL, spec.radio) {}

Cart* CartFleet::find(const std::string& shopper) {
  const auto found = carts_.find(shopper);
  return found == carts_.end() ? nullptr : &found->second;
}

Bytes CartFleet::presence(const Cart& cart, WallTime wall) const {
  const beacon::Presence frame{.state = static_cast<beacon::CartState>(cart.says),
                               .cart_id = cart.cart_id,
                               .session_tag = cart.tag,
                               .time24 = static_cast<std::uint32_t>(unix_s(wall) & 0xFFFFFF),
                               .tx_dbm = spec_.measured_power_dbm};
  const auto bytes = beacon::encode_presence(frame, spec_.store_id, beacon::derive_cart_key(store_key_, cart.cart_id));
  return {bytes.begin(), bytes.end()};
}

void CartFleet::send(const Cart& cart, Bytes payload, bool extended, std::span<const Place> receivers,
                     std::vector<HeardAdvert>& heard) {
  Advert advert;
  advert.address = radio_address(cart.cart_id);
  advert.extended = extended;
  advert.data = beacon::wrap_manufacturer_data(spec_.company_id, payload);
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    const auto level = radio_.hear(cart.place, receivers[i]);
    if (!level) continue;
    advert.rssi_dbm = *level;
    heard.push_back({i, advert});
  }
}

std::vector<HeardAdvert> CartFleet::step(MonoTime now, WallTime wall, std::span<const Place> receivers) {
  std::vector<HeardAdvert> heard;
  std::uniform_int_distribution<std::int64_t> jitter_us(0, kJitterUs);
  for (auto& [shopper, cart] : carts_) {
    if (now >= cart.next_presence) {
      send(cart, presence(cart, wall), false, receivers, heard);
      cart.next_presence = now + period(cart.says) + Duration{jitter_us(random_)};
    }
    if (!cart.pass.empty() && now >= cart.next_pass) {
      send(cart, cart.pass, true, receivers, heard);
      cart.next_pass = now + kPassEvery + Duration{jitter_us(random_)};
    }
  }
  return heard;
}

}  // namespace exitgate::rig
