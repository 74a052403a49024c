#include "base/encoding.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate {

TEST_CASE("hex is lower case and reads back in either case") {
  const Bytes bytes{0x00, 0xab, 0xff};
  CHECK(to_hex(bytes) == "00abff");
  CHECK(parse_hex("00ABff") == bytes);
}

TEST_CASE("hex of odd length or with other characters is refused") {
  CHECK_FALSE(parse_hex("0").has_value());
  CHECK_FALSE(parse_hex("0g").has_value());
}

TEST_CASE("base64 reads back what it wrote at every length") {
  for (std::size_t size = 0; size < 10; ++size) {
    Bytes bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(250 + i * 7));
    CHECK(parse_base64(to_base64(bytes)) == bytes);
  }
}

TEST_CASE("base64 with wrong padding, characters or stray bits is refused") {
  for (const char* text : {"A", "AA", "AA=A", "A===", "AA!=", "AB==", "AAB="}) {
    INFO(text);
    CHECK_FALSE(parse_base64(text).has_value());
  }
}

}  // namespace exitgate
