// The body of POST /api/v1/lanes/{id|all}/commands. Pure. Code bad_request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "core/event.hpp"

namespace exitgate::api {

[[nodiscard]] std::string_view to_string(StaffVerb verb);
[[nodiscard]] std::optional<StaffVerb> parse_staff_verb(std::string_view text);
/// `lane`: nothing for all. `user`: the caller, recorded beside `by`.
[[nodiscard]] Result<StaffCommand> parse_command(std::string_view body, std::optional<LaneId> lane, std::string user);

}  // namespace exitgate::api
