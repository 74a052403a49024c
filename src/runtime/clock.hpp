// The one place that reads the machine's clocks. Purpose: times as values for everything else.
// Thread: any. Errors: none; a clock that can't be read is a broken kernel. Units: as the types say.
#pragma once

#include <cstdint>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "base/wall_time.hpp"

namespace exitgate::runtime {

/// CLOCK_MONOTONIC: what every driver stamps with.
[[nodiscard]] MonoTime mono_now();
/// CLOCK_BOOTTIME, for receipts.
[[nodiscard]] std::int64_t boot_ms_now();
[[nodiscard]] WallTime wall_now();
/// adjtimex(2): the kernel's clock is not STA_UNSYNC.
[[nodiscard]] bool kernel_clock_synchronised();
/// /proc/sys/kernel/random/boot_id; nil where it can't be read.
[[nodiscard]] Uuid boot_id();

}  // namespace exitgate::runtime
