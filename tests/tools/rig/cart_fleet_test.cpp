#include "tools/rig/cart_fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include "beacon/crypto.hpp"
#include "beacon/frames.hpp"

using namespace exitgate;
using namespace exitgate::rig;
using std::chrono::seconds;

namespace {

const std::array<std::uint8_t, 32> kKey{1, 2, 3};
const Place kNearby[1] = {{0, 0, 0}};

BeaconSpec loud() {
  BeaconSpec spec;
  spec.store_id = "SEA-042";
  spec.radio = {.deviation_db = 0, .loss = 0};
  return spec;
}

Cart closed_cart() {
  Cart cart;
  cart.cart_id = 117;
  cart.tag.bytes = {1, 2, 3, 4, 5, 6};
  cart.says = CartSays::kClosed;
  cart.place = {1, 0, 0};
  return cart;
}

std::vector<HeardAdvert> hear_for(CartFleet& fleet, Duration length) {
  std::vector<HeardAdvert> all;
  for (MonoTime now{}; now < MonoTime{} + length; now += milliseconds{10}) {
    for (auto& heard : fleet.step(now, wall_from_s(1793000000), kNearby)) all.push_back(std::move(heard));
  }
  return all;
}

}  // namespace

TEST_CASE("a closed cart advertises about ten times a second, a shopping one twice") {
  CartFleet fleet(loud(), kKey, 1);
  Cart cart = closed_cart();
  fleet.put("Anna", cart);
  const auto fast = hear_for(fleet, seconds{10}).size();
  CHECK(fast > 85);
  CHECK(fast <= 101);
  CartFleet slow_fleet(loud(), kKey, 1);
  cart.says = CartSays::kShopping;
  slow_fleet.put("Anna", cart);
  const auto slow = hear_for(slow_fleet, seconds{10}).size();
  CHECK(slow >= 19);
  CHECK(slow <= 21);
}

TEST_CASE("a frame is authentic, fits legacy advertising and says what the cart says") {
  CartFleet fleet(loud(), kKey, 1);
  fleet.put("Anna", closed_cart());
  const auto heard = hear_for(fleet, milliseconds{10});
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].advert.data.size() <= 31);
  CHECK(heard[0].advert.rssi_dbm == -65);
  const auto payload = beacon::find_manufacturer_data(heard[0].advert.data, 0xFFFF);
  REQUIRE(payload);
  REQUIRE(payload->size() == beacon::kPresenceSize);
  const auto frame = payload->first<beacon::kPresenceSize>();
  const beacon::Presence presence = beacon::read_presence(frame);
  CHECK(presence.cart_id == 117);
  CHECK(presence.state == beacon::CartState::kClosed);
  CHECK(presence.time24 == (1793000000 & 0xFFFFFF));
  const beacon::Key keys[1] = {kKey};
  beacon::MacEngine engine("SEA-042", keys);
  CHECK(engine.fits(engine.cart_key(0, 117), frame));
}

TEST_CASE("a pass goes out as extended advertising beside the presence frames") {
  CartFleet fleet(loud(), kKey, 1);
  Cart cart = closed_cart();
  cart.pass.assign(118, 0x21);
  fleet.put("Anna", cart);
  int passes = 0;
  for (const auto& heard : hear_for(fleet, seconds{2})) {
    if (!heard.advert.extended) continue;
    ++passes;
    CHECK(heard.advert.data.size() == 122);
  }
  CHECK(passes >= 4);
  CHECK(passes <= 5);
}
