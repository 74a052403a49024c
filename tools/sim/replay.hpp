// Recordings in files: those of the daemon and those of a run of the simulator, replayed step by step.
#pragma once

#include <ostream>
#include <string>

#include "tools/sim/options.hpp"

namespace exitgate::sim {

/// Writes what the boxes of a traced run recorded; whether all of it went out.
[[nodiscard]] bool write_recordings(std::ostream& out, const Report& report);
/// Replays a dump ("-": standard input) and prints what came of it; `verbose`: every step, its commands and the phases
/// it changed. Exit code: 0 all steps alike, 1 a difference, which is shown, 2 nothing
/// that can be replayed as a whole.
[[nodiscard]] int replay_file(const std::string& file, bool verbose);

}  // namespace exitgate::sim
