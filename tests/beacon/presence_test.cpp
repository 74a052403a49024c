#include <catch2/catch_test_macros.hpp>

#include "radio_fixture.hpp"

namespace exitgate::beacon {

TEST_CASE("a repeated frame is accepted each time, and refused once it is stale") {
  Gate gate;
  const auto frame = Gate::frame_of(Gate::closed_cart(7));
  for (int i = 0; i < 3; ++i) CHECK(std::holds_alternative<BeaconHeard>(gate.hear(frame)));
  gate.pass_time(std::chrono::seconds{31});
  CHECK(std::holds_alternative<MistimedHeard>(gate.hear(frame)));
  CHECK(gate.verifier.count(0, BeaconResult::kAccepted) == 3);
  CHECK(gate.verifier.count(0, BeaconResult::kStale) == 1);
}

TEST_CASE("a forged frame of a cart in view is refused and the cart stays heard") {
  Gate gate;
  const auto frame = Gate::frame_of(Gate::closed_cart(7));
  auto forged = frame;
  forged[1] = 1;
  CHECK(std::holds_alternative<BeaconHeard>(gate.hear(frame)));
  CHECK(std::holds_alternative<std::monostate>(gate.hear(forged)));
  CHECK(std::holds_alternative<BeaconHeard>(gate.hear(frame)));
  CHECK(gate.verifier.count(0, BeaconResult::kMac) == 1);
}

TEST_CASE("what a frame says and how it was heard comes out") {
  Gate gate;
  gate.receiver = 5;
  gate.now = mono_from_us(77);
  const Heard heard = gate.hear(Gate::closed_cart(7));
  const auto* beacon = std::get_if<BeaconHeard>(&heard);
  REQUIRE(beacon != nullptr);
  CHECK(beacon->receiver == 5);
  CHECK(beacon->cart_id == 7);
  CHECK(beacon->state == CartState::kClosed);
  CHECK(beacon->session_tag == tag_of(6));
  CHECK(beacon->rssi_dbm == -60);
  CHECK(beacon->tx_dbm == -59);
  CHECK(beacon->at == mono_from_us(77));
  CHECK(gate.verifier.count(5, BeaconResult::kAccepted) == 1);
  CHECK(gate.verifier.count(0, BeaconResult::kAccepted) == 0);
}

TEST_CASE("at a thousand carts the least recently heard leaves the view, and forgeries displace nobody") {
  Gate gate;
  for (CartId cart = 1; cart <= kMaxCartsInView; ++cart) REQUIRE(gate.accepts(Gate::closed_cart(cart)));
  for (CartId cart = 5000; cart < 5100; ++cart) {
    auto forged = Gate::frame_of(Gate::closed_cart(cart));
    forged[23] ^= 1;
    CHECK(std::holds_alternative<std::monostate>(gate.hear(forged)));
  }
  REQUIRE(gate.accepts(Gate::closed_cart(1)));
  REQUIRE(gate.accepts(Gate::closed_cart(2000)));
  CHECK(gate.verifier.carts_in_view() == kMaxCartsInView);

  gate.verifier.set_pass_keys({Gate::pass_key()});
  CHECK(std::holds_alternative<PassHeard>(gate.hear(Gate::signed_pass(Gate::pass_of(1)))));
  CHECK(std::holds_alternative<std::monostate>(gate.hear(Gate::signed_pass(Gate::pass_of(2)))));
  CHECK(gate.verifier.count(0, BeaconResult::kPresenceMismatch) == 1);
}

TEST_CASE("after a reload with another key frames of the old key are refused, repeated ones too") {
  Gate gate;
  const auto frame = Gate::frame_of(Gate::closed_cart(7));
  REQUIRE(std::holds_alternative<BeaconHeard>(gate.hear(frame)));
  gate.verifier.reconfigure({.store_id = "SEA-042", .store_keys = {counting_key(50)}});
  CHECK(std::holds_alternative<std::monostate>(gate.hear(frame)));
  gate.verifier.reconfigure({.store_id = "SEA-042", .store_keys = {counting_key(50), counting_key(0)}});
  CHECK(std::holds_alternative<BeaconHeard>(gate.hear(frame)));
}

TEST_CASE("marks given at start refuse a replay after a restart") {
  Gate gate;
  const ReplayMark mark{.cart_id = 7, .newest_unix_s = kNowUnixS};
  gate.verifier.load_marks({&mark, 1});
  CHECK_FALSE(gate.accepts(Gate::closed_cart(7, kNowUnixS - 3)));
  CHECK(gate.accepts(Gate::closed_cart(7, kNowUnixS - 2)));
  CHECK(gate.verifier.count(0, BeaconResult::kReplayed) == 1);
}

TEST_CASE("marks are due for writing within 10 s of the first new time, and taken once") {
  Gate gate;
  CHECK(gate.verifier.marks_due() == kNever);
  REQUIRE(gate.accepts(Gate::closed_cart(7)));
  CHECK(gate.verifier.marks_due() <= gate.now + milliseconds{10000});
  CHECK(gate.verifier.next_deadline() <= gate.verifier.marks_due());
  CHECK(gate.verifier.take_dirty_marks() == std::vector<ReplayMark>{{.cart_id = 7, .newest_unix_s = kNowUnixS}});
  CHECK(gate.verifier.marks_due() == kNever);
  REQUIRE(gate.accepts(Gate::closed_cart(7)));
  CHECK(gate.verifier.take_dirty_marks().empty());
}

}  // namespace exitgate::beacon
