// The start and the steps of a trace as JSON. Internal to trace/; the one file that instantiates the conversions.
#pragma once

#include "trace/recorder.hpp"
#include "trace/value_json.hpp"

namespace exitgate::trace {

[[nodiscard]] json::value start_to_json(const Controller& controller);
/// A controller that goes on from there with identifiers of `ids`. Throws Malformed.
[[nodiscard]] Controller restore(const json::value& start, IdSource& ids);
[[nodiscard]] json::value step_to_json(const Step& step);
/// Throws Malformed.
[[nodiscard]] Step step_from_json(const json::value& line);
[[nodiscard]] json::value command_to_json(const Command& command);
[[nodiscard]] json::value event_to_json(const Event& event);

}  // namespace exitgate::trace
