// The carts' radios: who advertises what, when, and which receiver hears it how loud (beacon contract). Pure and
// seeded; MonoTime paces the adverts, WallTime goes into the frames. Presence: 10 a second while closing or closed, 2
// otherwise, each up to 10 ms late as Bluetooth has it. Pass: 2 a second.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "base/wall_time.hpp"
#include "tools/rig/hci_controller.hpp"
#include "tools/rig/radio_model.hpp"
#include "tools/rig/scenario.hpp"

namespace exitgate::rig {

enum class CartSays : std::uint8_t { kIdle, kShopping, kClosing, kClosed, kNeedsAssistance };

struct Cart {
  CartId cart_id = 0;
  SessionTag tag;  ///< zero: idle
  CartSays says = CartSays::kShopping;
  Place place;
  Bytes pass;  ///< empty: none
  MonoTime next_presence{};
  MonoTime next_pass{};
};

struct HeardAdvert {
  std::size_t receiver = 0;
  Advert advert;
};

class CartFleet {
 public:
  CartFleet(const BeaconSpec& spec, const std::array<std::uint8_t, 32>& store_key, std::uint64_t seed);

  /// Switches a cart's radio on, or replaces what is known of it. Carts are known by their shopper.
  void put(const std::string& shopper, const Cart& cart) { carts_[shopper] = cart; }
  void remove(const std::string& shopper) { carts_.erase(shopper); }
  [[nodiscard]] Cart* find(const std::string& shopper);
  /// Everything sent since the last step that a receiver heard.
  [[nodiscard]] std::vector<HeardAdvert> step(MonoTime now, WallTime wall, std::span<const Place> receivers);

 private:
  [[nodiscard]] Bytes presence(const Cart& cart, WallTime wall) const;
  void send(const Cart& cart, Bytes payload, bool extended, std::span<const Place> receivers,
            std::vector<HeardAdvert>& heard);

  BeaconSpec spec_;
  std::array<std::uint8_t, 32> store_key_;
  std::mt19937_64 random_;
  RadioModel radio_;
  std::map<std::string, Cart> carts_;
};

}  // namespace exitgate::rig
