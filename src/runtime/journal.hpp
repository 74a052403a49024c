// Structured log lines: to the journal under systemd (with MESSAGE_ID, EXITGATE_LANE, EXITGATE_FAULT), else to stderr.
// Thread: any. Never blocks for longer than the log's socket does; errors of logging are ignored.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/status.hpp"

namespace exitgate::runtime {

enum class LogLevel : int { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6 };

void log(LogLevel level, const std::string& message,
         const std::vector<std::pair<std::string, std::string>>& fields = {});
/// One line for every public event; its fields become journal fields.
void log_event(const PublicEvent& event);

}  // namespace exitgate::runtime
