#include "base/ids.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate {

TEST_CASE("a UUID reads back as it was written") {
  const auto id = parse_uuid("0193A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  REQUIRE(id.has_value());
  CHECK(to_string(*id) == "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
}

TEST_CASE("a UUID of another form is refused") {
  for (const char* text : {"", "0193a1b2c3d47e5f8a9b0c1d2e3f4a5b", "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5g",
                           "0193a1b2-c3d4-7e5f-8a9b0-c1d2e3f4a5b"}) {
    INFO(text);
    CHECK_FALSE(parse_uuid(text).has_value());
  }
}

TEST_CASE("a UUIDv7 carries its time, version and variant") {
  std::array<std::uint8_t, 10> random{};
  random.fill(0xff);
  const auto id = make_uuid_v7(wall_from_ms(0x0193a1b2c3d4), random);
  CHECK(to_string(id) == "0193a1b2-c3d4-7fff-bfff-ffffffffffff");
}

TEST_CASE("a session tag is twelve lower-case hex digits and nothing else") {
  CHECK(parse_session_tag("a1b2c3d4e5f6").has_value());
  for (const char* text : {"A1B2C3D4E5F6", "a1b2c3d4e5", "a1b2c3d4e5f6a7", "a1b2c3d4e5fg"}) {
    INFO(text);
    CHECK_FALSE(parse_session_tag(text).has_value());
  }
}

TEST_CASE("an id holds 1 to 32 of the allowed characters") {
  CHECK(ShortId::parse("front.lane_1-A").has_value());
  CHECK(ShortId::parse(std::string(32, 'x')).has_value());
  CHECK_FALSE(ShortId::parse(std::string(33, 'x')).has_value());
  CHECK_FALSE(ShortId::parse("").has_value());
  CHECK_FALSE(ShortId::parse("a b").has_value());
}

}  // namespace exitgate
