// A store's keys, carts that send, and a gate that listens, for the tests of beacon/.
#pragma once

#include <numeric>
#include <string>
#include <variant>

#include "beacon/verifier.hpp"

namespace exitgate::beacon {

inline constexpr std::int64_t kNowUnixS = 1793000000;

inline Key counting_key(std::uint8_t first) {
  Key key{};
  std::iota(key.begin(), key.end(), first);
  return key;
}

inline ClockView synchronised_at(std::int64_t now_unix_s) {
  const WallTime now = wall_from_s(now_unix_s);
  return {.now = now, .judging = now, .synchronised = true, .wrong = false, .floor = now};
}

inline SessionTag tag_of(std::uint8_t last) { return {{1, 2, 3, 4, 5, last}}; }

struct Gate {
  explicit Gate(std::string store_id = "SEA-042")
      : verifier({.store_id = std::move(store_id), .store_keys = {counting_key(0)}}) {}

  Heard hear(std::span<const std::uint8_t> payload) {
    const auto data = wrap_manufacturer_data(kTestCompanyId, payload);
    const Advert advert{.at = now, .receiver = receiver, .address = address, .rssi_dbm = -60, .data = data};
    return verifier.hear(advert, clock);
  }
  Heard hear(const Presence& presence) { return hear(frame_of(presence)); }
  bool accepts(const Presence& presence) { return std::holds_alternative<BeaconHeard>(hear(presence)); }

  static PresenceBytes frame_of(const Presence& presence) {
    return encode_presence(presence, "SEA-042", derive_cart_key(counting_key(0), presence.cart_id));
  }
  static Presence closed_cart(CartId cart_id, std::int64_t sent_unix_s = kNowUnixS) {
    return {.state = CartState::kClosed,
            .cart_id = cart_id,
            .session_tag = tag_of(6),
            .time24 = static_cast<std::uint32_t>(sent_unix_s & 0xFFFFFF),
            .tx_dbm = -59};
  }
  static Pass pass_of(CartId cart_id) {
    return {.key_id = 1,
            .cart_id = cart_id,
            .session_tag = tag_of(6),
            .closed_at_unix_s = kNowUnixS - 60,
            .expires_at_unix_s = kNowUnixS + 1800,
            .total = Money{4599, {'U', 'S', 'D'}},
            .party_size = 2,
            .session_id = {{9, 9}},
            .basket_digest = {1, 2, 3}};
  }
  static PassKey pass_key(std::uint8_t key_id = 1) {
    return {.key_id = key_id, .public_key = derive_public_key(counting_key(100)), .not_before = {}, .not_after = {}};
  }
  static PassBytes signed_pass(const Pass& pass) { return sign_pass(pass, "SEA-042", counting_key(100)); }

  void pass_time(Duration d) {
    now += d;
    clock = synchronised_at(kNowUnixS + now.time_since_epoch() / std::chrono::seconds{1});
  }
  template <class T>
  std::vector<T> notices() {
    verifier.on_time(now);
    std::vector<T> wanted;
    for (auto& notice : verifier.take_notices()) {
      if (auto* it = std::get_if<T>(&notice)) wanted.push_back(std::move(*it));
    }
    return wanted;
  }

  BeaconVerifier verifier;
  MonoTime now{};
  ClockView clock = synchronised_at(kNowUnixS);
  DeviceId receiver = 0;
  Address address{1, 2, 3, 4, 5, 6};
};

}  // namespace exitgate::beacon
