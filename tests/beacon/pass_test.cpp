#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "beacon/radio.hpp"
#include "radio_fixture.hpp"

namespace exitgate::beacon {
namespace {

bool is_told(const Heard& heard) { return std::holds_alternative<PassHeard>(heard); }

struct GateWithCart : Gate {
  GateWithCart() {
    verifier.set_pass_keys({pass_key()});
    hear_cart();
  }
  void hear_cart() {
    const auto sent = kNowUnixS + now.time_since_epoch() / std::chrono::seconds{1};
    REQUIRE(accepts(closed_cart(7, sent)));
  }
  std::uint64_t count(BeaconResult result) const { return verifier.count(0, result); }
};

}  // namespace

TEST_CASE("a proven pass is told once, and again after 10 s without it") {
  GateWithCart gate;
  const auto pass = Gate::signed_pass(Gate::pass_of(7));
  CHECK(is_told(gate.hear(pass)));
  for (int i = 0; i < 30; ++i) {
    gate.pass_time(milliseconds{500});
    gate.hear_cart();
    CHECK_FALSE(is_told(gate.hear(pass)));
  }
  CHECK(gate.count(BeaconResult::kAccepted) >= 31);
  gate.pass_time(milliseconds{10000});
  gate.hear_cart();
  CHECK(is_told(gate.hear(pass)));
}

TEST_CASE("a pass counts for 10 s after its cart's presence and no longer") {
  GateWithCart gate;
  gate.pass_time(milliseconds{10000});
  CHECK(is_told(gate.hear(Gate::signed_pass(Gate::pass_of(7)))));
  gate.pass_time(milliseconds{1});
  CHECK_FALSE(is_told(gate.hear(Gate::signed_pass(Gate::pass_of(7)))));
  CHECK(gate.count(BeaconResult::kPresenceMismatch) == 1);
}

TEST_CASE("of a flood of forged passes at most 50 a second are verified, and a repeated real one comes through") {
  GateWithCart gate;
  const auto real = Gate::signed_pass(Gate::pass_of(7));
  bool told = false;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    auto forged = real;
    for (int byte = 0; byte < 4; ++byte)
      forged[static_cast<std::size_t>(100 + byte)] ^= static_cast<std::uint8_t>((i + 1) >> (8 * byte));
    CHECK_FALSE(is_told(gate.hear(forged)));
    if (i % 100 == 99) told = is_told(gate.hear(real)) || told;
    gate.now += Duration{1000};
  }
  CHECK(told);
  CHECK(gate.count(BeaconResult::kSignature) <= PassCheck::kPerSecond);
  CHECK(gate.count(BeaconResult::kDeferred) >= 900);
}

TEST_CASE("a forged pass heard again is refused without being verified again") {
  GateWithCart gate;
  auto forged = Gate::signed_pass(Gate::pass_of(7));
  forged[20] ^= 1;
  for (int i = 0; i < 200; ++i) CHECK_FALSE(is_told(gate.hear(forged)));
  CHECK(gate.count(BeaconResult::kSignature) == 200);
  CHECK(gate.count(BeaconResult::kDeferred) == 0);
}

TEST_CASE("an unknown key id asks for the keys each second it is heard, and the pass counts when they came") {
  GateWithCart gate;
  auto pass = Gate::pass_of(7);
  pass.key_id = 9;
  const auto bytes = Gate::signed_pass(pass);
  CHECK_FALSE(is_told(gate.hear(bytes)));
  CHECK_FALSE(is_told(gate.hear(bytes)));
  const auto wanted = gate.notices<WantsPassKeys>();
  REQUIRE(wanted.size() == 1);
  CHECK(wanted[0].key_id == 9);
  gate.pass_time(std::chrono::seconds{1});
  CHECK_FALSE(is_told(gate.hear(bytes)));
  CHECK(gate.notices<WantsPassKeys>().size() == 1);
  gate.verifier.set_pass_keys({Gate::pass_key(), Gate::pass_key(9)});
  CHECK(is_told(gate.hear(bytes)));
  CHECK(gate.count(BeaconResult::kUnknownKey) == 3);
}

TEST_CASE("an unknown key of a cart that is not at hand asks for nothing") {
  Gate gate;
  CHECK_FALSE(is_told(gate.hear(Gate::signed_pass(Gate::pass_of(7)))));
  CHECK(gate.notices<WantsPassKeys>().empty());
}

TEST_CASE("a pass closed outside its key's window is not yet valid, but with a clock that is not synchronised it is") {
  GateWithCart gate;
  auto key = Gate::pass_key();
  key.not_after = wall_from_s(kNowUnixS - 61);
  gate.verifier.set_pass_keys({key});
  const auto pass = Gate::signed_pass(Gate::pass_of(7));
  CHECK_FALSE(is_told(gate.hear(pass)));
  key.not_after = {};
  key.not_before = wall_from_s(kNowUnixS - 59);
  gate.verifier.set_pass_keys({key});
  CHECK_FALSE(is_told(gate.hear(pass)));
  CHECK(gate.count(BeaconResult::kNotYetValid) == 2);
  gate.clock.synchronised = false;
  CHECK(is_told(gate.hear(pass)));
}

TEST_CASE("with a clock that is not synchronised expiry is judged against the floor") {
  GateWithCart gate;
  gate.clock = {.now = wall_from_s(60),
                .judging = wall_from_s(kNowUnixS + 1801),
                .synchronised = false,
                .wrong = true,
                .floor = wall_from_s(kNowUnixS + 1801)};
  CHECK_FALSE(is_told(gate.hear(Gate::signed_pass(Gate::pass_of(7)))));
  CHECK(gate.count(BeaconResult::kExpired) == 1);
  gate.clock.judging = wall_from_s(kNowUnixS + 1800);
  CHECK(is_told(gate.hear(Gate::signed_pass(Gate::pass_of(7)))));
}

TEST_CASE("a pass for a party of nobody is refused") {
  GateWithCart gate;
  auto pass = Gate::pass_of(7);
  pass.party_size = 0;
  CHECK_FALSE(is_told(gate.hear(Gate::signed_pass(pass))));
  CHECK(gate.count(BeaconResult::kReserved) == 1);
}

TEST_CASE("a pass proven with a key that was withdrawn is proven no longer") {
  GateWithCart gate;
  const auto pass = Gate::signed_pass(Gate::pass_of(7));
  REQUIRE(is_told(gate.hear(pass)));
  gate.verifier.set_pass_keys({});
  CHECK_FALSE(is_told(gate.hear(pass)));
  CHECK(gate.count(BeaconResult::kUnknownKey) == 1);
}

TEST_CASE("a box that starts with the backend away takes passes by the keys it had stored, and by no others") {
  const auto pass = wrap_manufacturer_data(kTestCompanyId, Gate::signed_pass(Gate::pass_of(7)));
  const auto frame = wrap_manufacturer_data(kTestCompanyId, Gate::frame_of(Gate::closed_cart(7)));
  for (const bool stored : {true, false}) {
    LoadedState loaded;
    if (stored) loaded.pass_keys = {Gate::pass_key()};
    std::vector<exitgate::Event> heard;
    bool keys_wanted = false;
    Radio radio({.store_id = "SEA-042", .store_keys = {counting_key(0)}}, loaded,
                {.event = [&](const exitgate::Event& event) { heard.push_back(event); },
                 .store = [](const std::vector<StoreWrite>&) {},
                 .wants_pass_keys = [&] { keys_wanted = true; }});
    const Gate gate;
    for (const auto& data : {frame, pass})
      radio.on_advert({.at = gate.now, .receiver = 0, .address = {}, .rssi_dbm = -60, .data = data}, gate.clock);
    INFO("stored " << stored);
    CHECK(std::any_of(heard.begin(), heard.end(), [](const exitgate::Event& event) {
            return std::holds_alternative<exitgate::PassHeard>(event);
          }) == stored);
    CHECK(keys_wanted != stored);
  }
}

}  // namespace exitgate::beacon
