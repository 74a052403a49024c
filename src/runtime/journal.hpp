// Structured log lines: to the journal under systemd (with MESSAGE_ID, EXITGATE_LANE, EXITGATE_FAULT), else to stderr.
// Thread: any. Never blocks: lines go by a bounded queue to a thread that writes them (log_writer.hpp), and what finds
// no room there is dropped and counted. Errors of logging are ignored.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mono_time.hpp"
#include "core/status.hpp"

namespace exitgate::runtime {

enum class LogLevel : int { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6 };

void log(LogLevel level, const std::string& message,
         const std::vector<std::pair<std::string, std::string>>& fields = {});
/// One line for every public event; its fields become journal fields.
void log_event(const PublicEvent& event);
/// Before the process ends: waits until what was logged is written, at most `within`; false: nobody reads it.
bool flush_log(Duration within);

}  // namespace exitgate::runtime
