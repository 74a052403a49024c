#include "cli/table.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate::cli;

TEST_CASE("table: columns are as wide as their widest cell, in characters") {
  const auto lines = table({"A", "NAME"}, {{{"1"}, {"x"}}, {{"\u00fc\u00fc\u00fc"}, {"y"}}}, 80, false);
  CHECK(lines == std::vector<std::string>{"A    NAME", "1    x", "\u00fc\u00fc\u00fc  y"});
}

TEST_CASE("table: no line is wider than asked, colours not counted") {
  const std::vector<std::vector<Cell>> rows{
      {{std::string(30, 'a'), Colour::kRed}, {std::string(30, 'b'), Colour::kRed}}};
  for (const std::size_t width : {1, 10, 31, 32, 33, 40, 80}) {
    for (const auto& line : table({"X", "Y"}, rows, width, false)) CHECK(columns_of(line) <= width);
  }
  CHECK(table({"X"}, {{{"a", Colour::kRed}}}, 80, true).at(1) == "\x1b[31ma\x1b[0m");
}

TEST_CASE("table: text from outside can't move the cursor") {
  CHECK(cut("a\x1b[2Jb\nc", 80) == "a [2Jb c");
  CHECK(cut("abcdef", 4) == "abc\u2026");
  CHECK(cut("abcd", 4) == "abcd");
  CHECK(cut("abc", 0).empty());
}
