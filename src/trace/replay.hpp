// Replays a dump: makes the controller as it was, gives it the same events, times and identifiers, and compares the
// commands of each step with the recorded ones. Thread: any. Errors: trace_unreadable (the text is no dump, of another
// version, damaged, without a step, or goes on behind its end; the message names the line), trace_cut (it ends before
// its end; all before was alike).
#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "trace/recorder.hpp"

namespace exitgate::trace {

struct Difference {
  std::uint64_t step = 0;
  std::string what;      ///< "command 2 of 3"
  std::string event;     ///< of the step
  std::string recorded;  ///< both sides as JSON; empty: there was none
  std::string replayed;
};

struct Replayed {
  std::uint64_t steps = 0;
  std::uint64_t starts = 0;
  std::optional<Difference> difference;  ///< the first; the replay ends there
};

/// Told after every step, with the controller as it is then.
using StepWatch = std::function<void(std::uint64_t number, const Step& step, const Controller& controller)>;

[[nodiscard]] Result<Replayed> replay(std::istream& dump, const StepWatch& watch = {});

/// As JSON, for people: ["WriteOutput",[3,true]].
[[nodiscard]] std::string text_of(const Event& event);
[[nodiscard]] std::string text_of(const Command& command);

}  // namespace exitgate::trace
