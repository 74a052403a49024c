// A recording as text: one JSON object a line (docs/trace.md). The first line says what it is, of which version and
// from where; then a start with the state, its steps, perhaps further starts with theirs; the last line counts the
// steps.
//
// Values are told in full and exactly; no key, certificate or password is part of any. Thread: any; the loop's is not
// meant to, since it takes microseconds a step. Errors: a sink that gives false ends the writing.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "trace/recorder.hpp"

namespace exitgate::trace {

inline constexpr int kDumpVersion = 1;

struct Origin {
  std::string program;  ///< "exitgated 0.1.0"
  std::string store_id;
  std::string gate_id;
  WallTime taken_at{};
};

/// A line with its line feed; false: no more.
using LineSink = std::function<bool(std::string_view line)>;

/// Writes recordings one after another, each of a controller of its own; whether all was taken.
[[nodiscard]] bool write_dump(const std::vector<Recording>& recordings, const Origin& origin, const LineSink& sink);

}  // namespace exitgate::trace
