#include "base/wall_time.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate {

TEST_CASE("RFC 3339 times are written in UTC with milliseconds") {
  CHECK(to_rfc3339(wall_from_ms(1792992800012)) == "2026-10-26T05:33:20.012Z");
  CHECK(to_rfc3339(wall_from_ms(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(wall_from_ms(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("RFC 3339 times are read with any fraction and offset") {
  CHECK(parse_rfc3339("2026-10-26T05:33:20Z") == wall_from_s(1792992800));
  CHECK(parse_rfc3339("2026-10-26T05:33:20.0129Z") == wall_from_ms(1792992800012));
  CHECK(parse_rfc3339("2026-10-25T22:33:20-07:00") == wall_from_s(1792992800));
  CHECK(parse_rfc3339("2026-10-26t05:33:20.5z") == wall_from_ms(1792992800500));
}

TEST_CASE("texts that are no RFC 3339 time are refused") {
  for (const char* text : {"", "2026-10-26", "2026-13-26T05:33:20Z", "2026-02-30T05:33:20Z", "2026-10-26T24:33:20Z",
                           "2026-10-26T05:33:20", "2026-10-26T05:33:20.Z", "2026-10-26T05:33:20Zx", "2026-10-26 05:33:20Z"}) {
    INFO(text);
    CHECK_FALSE(parse_rfc3339(text).has_value());
  }
}

TEST_CASE("an HTTP date is read, other forms are refused") {
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == wall_from_s(784111777));
  CHECK_FALSE(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT").has_value());
  CHECK_FALSE(parse_http_date("06 Nov 1994 08:49:37 GMT").has_value());
}

}  // namespace exitgate
