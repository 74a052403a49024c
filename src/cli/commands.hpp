// The sub-commands of `exitgate` (operation contract, "Programs"). Blocking; each returns the exit code.
#pragma once

#include <optional>
#include <string>

#include "cli/session.hpp"

namespace exitgate::cli {

int check_file(const Session& session, const std::string& file);
int status(const Session& session);
/// Live until interrupted; not on a terminal: the status once, then events as lines.
int watch(const Session& session);

struct LaneCommand {
  std::string lane;  ///< an id, or "all"
  std::string command;
  std::string mode;
  std::string by;
  std::string reason;
};
int lane(const Session& session, const LaneCommand& command);

int receipts_list(const Session& session, const std::string& state, std::size_t limit);
int receipts_show(const Session& session, const std::string& id);
int receipts_retry(const Session& session, const std::string& id);
/// One receipt a line. `database` not empty: from that file instead of the daemon.
int receipts_export(const Session& session, const std::string& state, const std::string& database);
int receipts_verify(const Session& session, const std::string& database);

/// `limit_events`: ends after so many; for tests.
int events(const Session& session, bool follow, std::optional<std::size_t> limit_events = std::nullopt);
int io(const Session& session, bool follow);
int reload(const Session& session);
/// Writes what the daemon recorded of its steps to `file`; "-" writes it to out.
int trace(const Session& session, const std::string& file);

/// Adds or replaces the user's line in `file`; "-" writes the line to out.
int users_add(const Session& session, const std::string& file, const std::string& name, const std::string& role,
              const std::string& password);

}  // namespace exitgate::cli
