#include "runtime/service.hpp"

#include <systemd/sd-daemon.h>

namespace exitgate::runtime {

void notify_ready(const std::string& status) { sd_notify(0, ("READY=1\nSTATUS=" + status).c_str()); }
void notify_stopping() { sd_notify(0, "STOPPING=1"); }
void notify_reloading(bool reloading) { sd_notify(0, reloading ? "RELOADING=1" : "READY=1"); }
void notify_watchdog() { sd_notify(0, "WATCHDOG=1"); }

std::optional<Duration> watchdog_interval() {
  std::uint64_t whole_us = 0;
  if (sd_watchdog_enabled(0, &whole_us) <= 0) return std::nullopt;
  return Duration{static_cast<Duration::rep>(whole_us / 2)};
}

}  // namespace exitgate::runtime
