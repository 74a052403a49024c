#include "trace/value_json.hpp"

#include <catch2/catch_test_macros.hpp>

#include "random_value.hpp"
#include "trace/restore.hpp"

namespace exitgate::trace {
namespace {

/// Through text and back.
template <class T>
std::string there_and_back(const T& value) {
  const auto text = json::serialize(to_json(value));
  T back{};
  from_json(json::parse(text), back);
  const auto again = json::serialize(to_json(back));
  CHECK(text == again);
  return text;
}

template <class T>
void every_alternative_round_trips(const char* name) {
  test::RandomValue random(7);
  for (std::size_t which = 0; which < std::variant_size_v<T>; ++which) {
    for (int round = 0; round < 200; ++round) {
      INFO(name << " alternative " << which << ", round " << round);
      T value;
      random.draw_variant(value, which, std::make_index_sequence<std::variant_size_v<T>>{});
      REQUIRE(value.index() == which);
      T back;
      from_json(json::parse(json::serialize(to_json(value))), back);
      REQUIRE(back.index() == which);
      REQUIRE(json::serialize(to_json(back)) == json::serialize(to_json(value)));
    }
  }
}

template <class T>
std::string refused(const std::string& text) {
  try {
    T into{};
    from_json(json::parse(text), into);
  } catch (const Malformed& malformed) {
    return malformed.what;
  }
  return "taken";
}

}  // namespace

TEST_CASE("every event comes back from its text as it was") { every_alternative_round_trips<Event>("event"); }

TEST_CASE("every command comes back from its text as it was") {
  every_alternative_round_trips<Command>("command");
  every_alternative_round_trips<StoreWrite>("write");
}

TEST_CASE("a time that never comes, a level in dBm and bytes of any value come back exactly") {
  CHECK(there_and_back(kNever) == "9223372036854775807");
  CHECK(there_and_back(-71.3) == "\"-0x1.1d33333333333p+6\"");
  CHECK(there_and_back(std::string("a\xff\x00z", 4)) == R"({"hex":"61ff007a"})");
  CHECK(there_and_back(std::string("M\xc3\xbcller")) == R"({"hex":"4dc3bc6c6c6572"})");
  CHECK(there_and_back(std::optional<int>{}) == "[]");
  CHECK(there_and_back(~std::uint64_t{0}) == "18446744073709551615");
}

TEST_CASE("events are told by name and fields in their order") {
  const Event heard = BeaconHeard{.receiver = 2,
                                  .cart_id = 117,
                                  .state = BeaconState::kClosed,
                                  .session_tag = *parse_session_tag("a1b2c3d4e5f6"),
                                  .rssi_dbm = -60,
                                  .tx_dbm = -59};
  CHECK(there_and_back(heard) == R"(["BeaconHeard",[2,117,3,"a1b2c3d4e5f6",[-60],-59]])");
  CHECK(there_and_back(Command{WriteOutput{3, true}}) == R"(["WriteOutput",[3,true]])");
}

TEST_CASE("items of a hash table come back in the order they stood in") {
  std::unordered_map<Uuid, std::uint32_t> table;
  test::RandomValue random(3);
  for (std::uint32_t i = 0; i < 500; ++i) {
    Uuid id;
    random.draw(id);
    table.emplace(id, i);
    if (i % 3 == 0) table.erase(table.begin());
  }
  std::unordered_map<Uuid, std::uint32_t> back;
  from_json(to_json(table), back);
  REQUIRE(back.size() == table.size());
  CHECK(std::equal(table.begin(), table.end(), back.begin()));
}

TEST_CASE("what is no value of its type is refused with what was found") {
  CHECK(refused<Event>(R"(["Nonsense",[]])") == "there is no Nonsense");
  CHECK(refused<Event>(R"(["BeaconHeard",[2,117]])") ==
        "BeaconHeard has 6 fields, found 2: written by another version of the program?");
  CHECK(refused<Event>("7") == "a variant is no list: 7");
  CHECK(refused<std::uint16_t>("65536") == "a number is missing or too large: 65536");
  CHECK(refused<Uuid>(R"("x")") == "no Uuid: x");
  CHECK(refused<bool>("1") == "neither true nor false: 1");
  CHECK(refused<Bytes>(R"("abc")") == "no bytes: \"abc\"");
  CHECK(refused<std::string>(R"({"hex":"zz"})") == R"(no hex: {"hex":"zz"})");
  CHECK(refused<std::optional<int>>("[1,2]") == "an optional of more than one");
}

}  // namespace exitgate::trace
