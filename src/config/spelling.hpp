// Which known word somebody meant, and how a word is shown on one line. Pure; private to config/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exitgate::config {

/// The known word fewest edits away (insert, delete, replace, swap of neighbours), if near enough to be meant.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& known);
/// Control characters escaped: stays one line whatever a file holds.
[[nodiscard]] std::string one_line(std::string_view text);
/// In double quotes, control characters escaped, cut at 80 bytes.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// "a, b or c".
[[nodiscard]] std::string listed(const std::vector<std::string>& words);

}  // namespace exitgate::config
