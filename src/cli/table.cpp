#include "cli/table.hpp"

#include <algorithm>
#include <array>

namespace exitgate::cli {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string row_text(const std::vector<Cell>& row, const std::vector<std::size_t>& widths, std::size_t width,
                     bool colours) {
  std::string text;
  std::size_t used = 0;
  for (std::size_t i = 0; i < row.size() && used < width; ++i) {
    const bool last = i + 1 == row.size();
    const auto shown = cut(row[i].text, std::min(last ? width : widths[i], width - used));
    used += columns_of(shown);
    text += paint(shown, row[i].colour, colours);
    if (last) break;
    const auto padding = std::min(widths[i] - std::min(widths[i], columns_of(shown)) + 2, width - used);
    text.append(padding, ' ');
    used += padding;
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string cut(std::string_view text, std::size_t columns) {
  std::string shown;
  std::size_t used = 0;
  const bool too_long = columns_of(text) > columns;
  for (const char c : text) {
    if (!continues(c)) {
      if (used == columns || (too_long && used + 1 == columns)) break;
      ++used;
    }
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  if (too_long && columns > 0) shown += "\u2026";
  return shown;
}

std::string paint(std::string_view text, Colour colour, bool colours) {
  static constexpr std::array<std::string_view, 6> kCodes{"", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[1m"};
  if (!colours || colour == Colour::kNone || text.empty()) return std::string(text);
  return std::string(kCodes.at(static_cast<std::size_t>(colour))).append(text).append("\x1b[0m");
}

std::vector<std::string> table(const std::vector<std::string>& heading, const std::vector<std::vector<Cell>>& rows,
                               std::size_t width, bool colours) {
  std::vector<Cell> titles;
  std::vector<std::size_t> widths;
  for (const auto& title : heading) {
    titles.push_back({title, Colour::kDim});
    widths.push_back(columns_of(title));
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i].text));
  }
  std::vector<std::string> lines{row_text(titles, widths, width, colours)};
  for (const auto& row : rows) lines.push_back(row_text(row, widths, width, colours));
  return lines;
}

}  // namespace exitgate::cli
