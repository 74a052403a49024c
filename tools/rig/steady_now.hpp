// The one place where the rig reads clocks; the models take the time as an argument.
#pragma once

#include "base/mono_time.hpp"
#include "base/wall_time.hpp"

namespace exitgate::rig {

[[nodiscard]] inline MonoTime steady_now() {
  return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}
[[nodiscard]] inline WallTime wall_now() {
  return WallTime{
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())};
}

}  // namespace exitgate::rig
