// The service manager: readiness, watchdog, status text (sd_notify(3)). Does nothing when not run by systemd.
// Thread: the loop's.
#pragma once

#include <optional>
#include <string>

#include "base/mono_time.hpp"

namespace exitgate::runtime {

void notify_ready(const std::string& status);
void notify_stopping();
void notify_reloading(bool reloading);
void notify_watchdog();
/// Half of WATCHDOG_USEC; nothing where the watchdog is not meant for this process.
[[nodiscard]] std::optional<Duration> watchdog_interval();

}  // namespace exitgate::runtime
