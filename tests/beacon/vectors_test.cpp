// Every vector of the beacon contract, through the verifier as adverts.
#include <boost/json.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "beacon/verifier.hpp"
#include "radio_fixture.hpp"

namespace exitgate::beacon {
namespace {

namespace json = boost::json;

json::object read_vectors(const std::string& name) {
  std::ifstream file(std::string(EXITGATE_SOURCE_DIR) + "/tests/vectors/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str()).as_object();
}

std::string text(const json::value& value) { return std::string(value.as_string()); }

Key key_of(const json::value& hex) {
  const auto bytes = parse_hex(text(hex)).value();
  Key key{};
  REQUIRE(bytes.size() == key.size());
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

BeaconVerifier verifier_of(const std::string& store_id, std::vector<Key> keys) {
  return BeaconVerifier({.store_id = store_id, .store_keys = std::move(keys)});
}

Heard hear_data(BeaconVerifier& verifier, const Bytes& data, MonoTime at, const ClockView& clock) {
  return verifier.hear({.at = at, .receiver = 3, .address = {}, .rssi_dbm = -50, .data = data}, clock);
}

std::uint64_t total_count(const BeaconVerifier& verifier) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < kBeaconResultCount; ++i) total += verifier.count(3, static_cast<BeaconResult>(i));
  return total;
}

std::uint64_t count_named(const BeaconVerifier& verifier, std::string_view name) {
  for (std::size_t i = 0; i < kBeaconResultCount; ++i) {
    if (to_string(static_cast<BeaconResult>(i)) == name) return verifier.count(3, static_cast<BeaconResult>(i));
  }
  FAIL("no result is called " << name);
  return 0;
}

void check_presence(BeaconVerifier& verifier, const Bytes& data, MonoTime at, const ClockView& clock,
                    const json::value& expect) {
  const auto before_total = total_count(verifier);
  if (expect.is_null()) {
    CHECK(std::holds_alternative<std::monostate>(hear_data(verifier, data, at, clock)));
    CHECK(total_count(verifier) == before_total);
    return;
  }
  const auto& wanted = expect.as_object();
  const bool accepted = wanted.at("accepted").as_bool();
  const std::string result = accepted ? "accepted" : text(wanted.at("reason"));
  const auto before = count_named(verifier, result);
  const Heard heard = hear_data(verifier, data, at, clock);
  CHECK(count_named(verifier, result) == before + 1);
  CHECK(total_count(verifier) == before_total + 1);
  const auto* beacon = std::get_if<BeaconHeard>(&heard);
  REQUIRE((beacon != nullptr) == accepted);
  if (!accepted) return;
  CHECK(beacon->cart_id == wanted.at("cart_id").to_number<CartId>());
  CHECK(to_string(beacon->state) == text(wanted.at("state")));
  CHECK(to_string(beacon->session_tag) == text(wanted.at("session_tag")));
  CHECK(beacon->tx_dbm == wanted.at("tx_dbm").to_number<int>());
}

ClockView clock_of(const json::object& frame) {
  return synchronised_at(frame.at("now_unix").to_number<std::int64_t>());
}

}  // namespace

TEST_CASE("every presence case is judged as the vectors say") {
  const auto vectors = read_vectors("presence.json");
  const auto key = key_of(vectors.at("store_beacon_key"));
  CHECK(derive_cart_key(key, 117) == key_of(vectors.at("cart_key_117")));
  for (const auto& value : vectors.at("cases").as_array()) {
    const auto& one = value.as_object();
    INFO(text(one.at("name")));
    auto verifier = verifier_of(text(one.at("store_id")), {key});
    const auto data = parse_hex(text(one.at("advertising_data"))).value();
    check_presence(verifier, data, {}, clock_of(one), one.at("expect"));
    auto by_payload = verifier_of(text(one.at("store_id")), {key});
    const auto wrapped = wrap_manufacturer_data(kTestCompanyId, parse_hex(text(one.at("payload"))).value());
    check_presence(by_payload, wrapped, {}, clock_of(one), one.at("expect"));
  }
}

TEST_CASE("every advertising case finds the structure the vectors say") {
  const auto vectors = read_vectors("presence.json");
  for (const auto& value : vectors.at("advertising").as_array()) {
    const auto& one = value.as_object();
    INFO(text(one.at("name")));
    auto verifier = verifier_of("SEA-042", {key_of(vectors.at("store_beacon_key"))});
    const auto data = parse_hex(text(one.at("advertising_data"))).value();
    check_presence(verifier, data, {}, clock_of(one), one.at("expect"));
  }
}

TEST_CASE("every presence sequence is judged in order as the vectors say") {
  const auto vectors = read_vectors("presence.json");
  for (const auto& value : vectors.at("sequences").as_array()) {
    const auto& one = value.as_object();
    INFO(text(one.at("name")));
    std::vector<Key> keys;
    for (const auto& key : one.at("store_beacon_keys").as_array()) keys.push_back(key_of(key));
    auto verifier = verifier_of(text(one.at("store_id")), keys);
    std::optional<WallTime> floor;
    if (const auto* given = one.if_contains("floor_unix")) floor = wall_from_s(given->to_number<std::int64_t>());
    GateClock gate_clock(text(one.at("clock_trust")) == "always" ? ClockTrust::kAlways : ClockTrust::kKernel, floor);
    MonoTime at{};
    for (const auto& frame_value : one.at("frames").as_array()) {
      const auto& frame = frame_value.as_object();
      INFO(text(frame.at("payload")));
      const auto& clock = gate_clock.read(wall_from_s(frame.at("now_unix").to_number<std::int64_t>()), false);
      const auto data = wrap_manufacturer_data(kTestCompanyId, parse_hex(text(frame.at("payload"))).value());
      check_presence(verifier, data, at, clock, frame.at("expect"));
      at += milliseconds{1000};
    }
  }
}

TEST_CASE("every pass case is judged as the vectors say") {
  const auto vectors = read_vectors("pass.json");
  std::vector<PassKey> keys;
  for (const auto& value : vectors.at("keys").as_array()) {
    PassKey key{
        .key_id = value.at("key_id").to_number<std::uint8_t>(), .public_key = {}, .not_before = {}, .not_after = {}};
    const auto bytes = parse_base64(text(value.at("public_key"))).value();
    REQUIRE(bytes.size() == key.public_key.size());
    std::copy(bytes.begin(), bytes.end(), key.public_key.begin());
    keys.push_back(key);
  }
  CHECK_FALSE(vectors.contains("sequences"));
  for (const auto& value : vectors.at("cases").as_array()) {
    const auto& one = value.as_object();
    INFO(text(one.at("name")));
    const auto store_id = text(one.at("store_id"));
    auto verifier = verifier_of(store_id, {counting_key(0)});
    verifier.set_pass_keys(keys);
    const auto now = one.at("now_unix").to_number<std::int64_t>();
    const Presence presence{.state = CartState::kClosed,
                            .cart_id = one.at("presence_cart_id").to_number<CartId>(),
                            .session_tag = parse_session_tag(text(one.at("presence_session_tag"))).value(),
                            .time24 = static_cast<std::uint32_t>(now & 0xFFFFFF)};
    const auto frame = encode_presence(presence, store_id, derive_cart_key(counting_key(0), presence.cart_id));
    const auto presence_data = wrap_manufacturer_data(kTestCompanyId, frame);
    REQUIRE(std::holds_alternative<BeaconHeard>(hear_data(verifier, presence_data, {}, synchronised_at(now))));

    const auto payload = parse_hex(text(one.at("payload"))).value();
    const Heard heard = hear_data(verifier, wrap_manufacturer_data(kTestCompanyId, payload), {}, synchronised_at(now));
    const auto& wanted = one.at("expect").as_object();
    const auto* pass = std::get_if<PassHeard>(&heard);
    REQUIRE((pass != nullptr) == wanted.at("accepted").as_bool());
    if (pass == nullptr) {
      CHECK(count_named(verifier, text(wanted.at("reason"))) == 1);
      continue;
    }
    CHECK(to_string(pass->pass.session_id) == text(wanted.at("session_id")));
    CHECK(pass->pass.closed_at_unix_s == wanted.at("closed_at_unix").to_number<std::int64_t>());
    CHECK(pass->pass.expires_at_unix_s == wanted.at("expires_at_unix").to_number<std::int64_t>());
    REQUIRE(pass->pass.total.has_value());
    CHECK(pass->pass.total->amount_minor == wanted.at("amount_minor").to_number<std::int64_t>());
    CHECK(pass->pass.total->currency_code() == text(wanted.at("currency")));
    CHECK(pass->pass.party_size == wanted.at("party_size").to_number<int>());
    CHECK(to_hex(pass->pass.basket_digest) == text(wanted.at("basket_digest")));
    CHECK(std::equal(payload.begin(), payload.end(), pass->raw.begin(), pass->raw.end()));
  }
}

}  // namespace exitgate::beacon
