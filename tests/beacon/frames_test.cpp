#include "beacon/frames.hpp"

#include <rapidcheck.h>
#include <catch2/catch_test_macros.hpp>

#include "beacon/crypto.hpp"
#include "radio_fixture.hpp"

namespace exitgate::beacon {

TEST_CASE("a presence frame reads back as it was written") {
  const auto presence = Gate::closed_cart(0xFFFFFFFF);
  CHECK(read_presence(Gate::frame_of(presence)) == presence);
}

TEST_CASE("a pass reads back as it was written") {
  const auto pass = Gate::pass_of(117);
  CHECK(read_pass(Gate::signed_pass(pass)) == pass);
}

TEST_CASE("a pass whose currency is no currency has no total") {
  auto bytes = Gate::signed_pass(Gate::pass_of(117));
  bytes[24] = '$';
  CHECK_FALSE(read_pass(bytes).total.has_value());
}

TEST_CASE("the first structure of the company is found wherever it stands") {
  const Bytes payload{1, 2, 3};
  const auto ours = wrap_manufacturer_data(0x1234, payload);
  const auto others = wrap_manufacturer_data(0x3412, Bytes{9, 9});
  Bytes data{2, 0x01, 0x06};
  data.insert(data.end(), others.begin(), others.end());
  data.insert(data.end(), ours.begin(), ours.end());
  data.insert(data.end(), {3, 0x09, 'x', 'y'});
  const auto found = find_manufacturer_data(data, 0x1234);
  REQUIRE(found.has_value());
  CHECK(Bytes(found->begin(), found->end()) == payload);
  CHECK_FALSE(find_manufacturer_data(data, 0x1235).has_value());
}

TEST_CASE("a manufacturer structure too short for a company id is skipped") {
  const Bytes data{2, 0xFF, 0x34, 1, 0xFF, 3, 0xFF, 0x34, 0x12};
  const auto found = find_manufacturer_data(data, 0x1234);
  REQUIRE(found.has_value());
  CHECK(found->empty());
}

TEST_CASE("a structure of length zero ends the data") {
  const Bytes data{0, 3, 0xFF, 0x34, 0x12};
  CHECK_FALSE(find_manufacturer_data(data, 0x1234).has_value());
}

TEST_CASE("whatever the advertising data, what is found lies inside it") {
  const bool held = rc::check([](const Bytes& data, std::uint16_t company_id) {
    const auto found = find_manufacturer_data(data, company_id);
    if (!found) return;
    RC_ASSERT(found->data() >= data.data() + 4);
    RC_ASSERT(found->data() + found->size() <= data.data() + data.size());
  });
  CHECK(held);
}

TEST_CASE("whatever a radio hears, nothing unproven comes out") {
  const bool held = rc::check([](const std::vector<Bytes>& payloads) {
    Gate gate;
    gate.verifier.set_pass_keys({Gate::pass_key()});
    for (auto payload : payloads) {
      payload.resize(std::min<std::size_t>(payload.size(), 252));
      for (const std::uint8_t version : {kPresenceVersion, kPassVersion}) {
        if (!payload.empty()) payload[0] = version;
        RC_ASSERT(std::holds_alternative<std::monostate>(gate.hear(payload)));
      }
    }
    RC_ASSERT(gate.verifier.carts_in_view() == 0U);
  });
  CHECK(held);
}

}  // namespace exitgate::beacon
