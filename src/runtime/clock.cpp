#include "runtime/clock.hpp"

#include <sys/timex.h>

#include <ctime>
#include <fstream>
#include <string>

namespace exitgate::runtime {
namespace {

std::int64_t read_us(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

}  // namespace

MonoTime mono_now() { return mono_from_us(read_us(CLOCK_MONOTONIC)); }
std::int64_t boot_ms_now() { return read_us(CLOCK_BOOTTIME) / 1000; }
WallTime wall_now() { return wall_from_ms(read_us(CLOCK_REALTIME) / 1000); }

bool kernel_clock_synchronised() {
  timex state{};
  return adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

Uuid boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(file, text);
  return parse_uuid(text).value_or(Uuid{});
}

}  // namespace exitgate::runtime
