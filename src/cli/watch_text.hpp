// The live view as a screen of text. Pure. Internal to cli/.
#pragma once

#include <boost/json/value.hpp>
#include <deque>
#include <string>

#include "cli/status_text.hpp"

namespace exitgate::cli {

/// At most `height` lines of at most `width` columns: the state of the box, its lanes, its faults, and the newest
/// events in what is left. Where lanes do not all fit, those that are not idle come first.
[[nodiscard]] Lines watch_screen(const boost::json::value& status, const std::deque<std::string>& events,
                                 std::size_t width, std::size_t height, bool colours);

}  // namespace exitgate::cli
