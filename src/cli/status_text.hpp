// The daemon's JSON as text for people. Pure. Internal to cli/.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/table.hpp"

namespace exitgate::cli {

using Lines = std::vector<std::string>;

/// "store SEA-042 gate front …", two lines.
[[nodiscard]] Lines heading_lines(const boost::json::value& status, std::size_t width, bool colours);
[[nodiscard]] Lines lane_lines(const boost::json::array& lanes, std::size_t width, bool colours);
[[nodiscard]] Lines device_lines(const boost::json::array& devices, std::size_t width, bool colours);
[[nodiscard]] Lines fault_lines(const boost::json::array& faults, std::size_t width, bool colours);
[[nodiscard]] Lines receipt_lines(const boost::json::value& page, std::size_t width, bool colours);
[[nodiscard]] Lines point_lines(const boost::json::array& points, std::size_t width, bool colours);
/// "05:33:20.000 lane 1 phase phase=idle from=present".
[[nodiscard]] std::string event_line(std::string_view event, const boost::json::value& data, std::size_t width,
                                     bool colours);
/// The whole of `exitgate status`.
[[nodiscard]] Lines status_lines(const boost::json::value& status, std::size_t width, bool colours);

}  // namespace exitgate::cli
