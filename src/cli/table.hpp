// Text in columns for people, with colours where the terminal has them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace exitgate::cli {

enum class Colour : std::uint8_t { kNone, kGreen, kYellow, kRed, kDim, kBold };

struct Cell {
  std::string text;
  Colour colour = Colour::kNone;
};

/// Columns a text takes: characters of UTF-8, not bytes.
[[nodiscard]] std::size_t columns_of(std::string_view text);
/// Cut to `columns`, the last one an ellipsis where something was cut; control characters become spaces.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);
[[nodiscard]] std::string paint(std::string_view text, Colour colour, bool colours);

/// Rows below a heading, each column as wide as its widest cell, no row wider than `width`. Lines without newlines.
[[nodiscard]] std::vector<std::string> table(const std::vector<std::string>& heading,
                                             const std::vector<std::vector<Cell>>& rows, std::size_t width,
                                             bool colours);

}  // namespace exitgate::cli
