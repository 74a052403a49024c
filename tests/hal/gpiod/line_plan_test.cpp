#include "hal/gpiod/line_plan.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace exitgate::hal {
namespace {

using Catch::Matchers::ContainsSubstring;

const std::vector<ChipLine> kChip{{0, "EYE_A1", false, ""},
                                  {1, "EYE_X1", true, "other"},
                                  {2, "", false, ""},
                                  {3, "TWIN", false, ""},
                                  {4, "TWIN", true, ""}};

GpiodSettings settings(std::vector<GpiodLine> inputs, std::vector<GpiodLine> outputs = {}) {
  GpiodSettings out;
  out.name = "chip0";
  out.chip_path = "/dev/gpiochip0";
  out.inputs = std::move(inputs);
  out.outputs = std::move(outputs);
  return out;
}

GpiodLine named(std::string name) { return {std::move(name)}; }
GpiodLine numbered(unsigned offset) { return {offset}; }

TEST_CASE("names and numbers are found, in the order of the settings") {
  const auto found = resolve_lines(settings({numbered(2), named("EYE_X1")}, {named("EYE_A1")}), kChip);
  REQUIRE(found);
  CHECK(found->inputs == std::vector<unsigned>{2, 1});
  CHECK(found->outputs == std::vector<unsigned>{0});
}

TEST_CASE("a name that two lines have is refused with both numbers; the number is taken") {
  const auto refused = resolve_lines(settings({named("TWIN")}), kChip);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "gpiod_line_ambiguous");
  CHECK_THAT(refused.error().message, ContainsSubstring("/dev/gpiochip0: lines 3, 4"));
  CHECK(resolve_lines(settings({numbered(4)}), kChip));
}

TEST_CASE("a name or number the chip does not have is refused") {
  const auto name = resolve_lines(settings({named("EYE_A2")}), kChip);
  REQUIRE_FALSE(name);
  CHECK(name.error().code == "gpiod_line_missing");
  CHECK_THAT(name.error().message, ContainsSubstring("\"EYE_A2\""));
  const auto number = resolve_lines(settings({}, {numbered(5)}), kChip);
  REQUIRE_FALSE(number);
  CHECK(number.error().code == "gpiod_line_missing");
  CHECK_THAT(number.error().message, ContainsSubstring("has 5 lines"));
  CHECK_FALSE(resolve_lines(settings({named("")}), {}).has_value());
}

TEST_CASE("one line by name and by number, or as input and output, is refused") {
  const auto inputs = resolve_lines(settings({named("EYE_A1"), numbered(0)}), kChip);
  REQUIRE_FALSE(inputs);
  CHECK(inputs.error().code == "gpiod_line_twice");
  CHECK_THAT(inputs.error().message, ContainsSubstring("0 (EYE_A1)"));
  CHECK(resolve_lines(settings({numbered(2)}, {numbered(2)}), kChip).error().code == "gpiod_line_twice");
}

TEST_CASE("a busy line is named with its holder, and only those that were wanted") {
  constexpr std::array<unsigned, 2> kWanted{0, 1};
  const auto error = busy_error("/dev/gpiochip0", kChip, kWanted);
  CHECK(error.code == "gpiod_line_busy");
  CHECK_THAT(error.message, ContainsSubstring("line 1 (EYE_X1) by \"other\""));
  CHECK_THAT(error.message, !ContainsSubstring("TWIN"));
  constexpr std::array<unsigned, 1> kHog{4};
  CHECK_THAT(busy_error("c", kChip, kHog).message, ContainsSubstring("by the kernel"));
  constexpr std::array<unsigned, 1> kFreeAgain{0};
  CHECK_THAT(busy_error("c", kChip, kFreeAgain).message, ContainsSubstring("let go of it"));
}

TEST_CASE("the label beside the lines fits the kernel's 31 characters") {
  CHECK(consumer_label("chip0") == "exitgate chip0");
  CHECK(consumer_label(std::string(32, 'x')).size() == kMaxConsumerLength);
}

TEST_CASE("a bias that is not in force is told, one that was not asked for is not") {
  CHECK(check_bias("3", GpiodBias::kAsIs, GpiodBias::kPullDown));
  CHECK(check_bias("3", GpiodBias::kPullUp, GpiodBias::kPullUp));
  const auto refused = check_bias("3 (EYE)", GpiodBias::kPullUp, GpiodBias::kAsIs);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "gpiod_bias_ignored");
  CHECK_THAT(refused.error().message, ContainsSubstring("line 3 (EYE): bias \"pull-up\""));
}

}  // namespace
}  // namespace exitgate::hal
