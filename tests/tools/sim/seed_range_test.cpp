// Seeds on the command line: what is taken, and that nothing else is.
#include "tools/sim/seed_range.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate::sim {

TEST_CASE("a seed and a range are taken as they are written, up to the greatest") {
  CHECK(one_seed_from("7") == SeedRange{7, 7});
  CHECK(one_seed_from("0") == SeedRange{0, 0});
  CHECK(one_seed_from("18446744073709551614")->first == 18446744073709551614U);
  CHECK(seed_range_from("1..200") == SeedRange{1, 200});
  CHECK(seed_range_from("1..200")->count() == 200);
  CHECK(seed_range_from("5..5") == SeedRange{5, 5});
  CHECK(seed_range_from("0..18446744073709551614")->count() == 18446744073709551615U);
}

TEST_CASE("what is no seed is refused with what was found and what is expected") {
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1junk", "junk", "0x10", "1e3", "18446744073709551615",
                           "99999999999999999999999", "1..2"}) {
    CAPTURE(text);
    CHECK_FALSE(one_seed_from(text));
  }
  CHECK(one_seed_from("-1").error().message == "found \"-1\"; expected a whole number from 0 to 18446744073709551614");
}

TEST_CASE("a range that runs backwards, has junk about it or ends beyond the greatest seed is refused") {
  for (const char* text : {"", "..", "1..", "..2", "5", "5..3", "1..2junk", "x1..2", "-1..2", "1..-2", "1...2",
                           "1..2..3", "1 ..2", "1.. 2", "1..18446744073709551615", "1..99999999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(seed_range_from(text));
  }
  CHECK(seed_range_from("5..3").error().message ==
        "found \"5..3\"; expected A..B, as 1..200: A not above B, both whole numbers from 0 to 18446744073709551614");
}

}  // namespace exitgate::sim
