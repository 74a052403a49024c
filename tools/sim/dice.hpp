// The one source of chance of a run (SplitMix64, Steele et al., OOPSLA 2014): the same seed, the same numbers, on every
// machine and library.
#pragma once

#include <cstdint>

#include "base/mono_time.hpp"

namespace exitgate::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  /// [0, 1)
  double part() { return static_cast<double>(bits() >> 11U) * 0x1.0p-53; }
  bool chance(double p) { return part() < p; }
  /// [low, high]
  int between(int low, int high) { return low + static_cast<int>(bits() % static_cast<std::uint64_t>(high - low + 1)); }
  Duration ms(int low, int high) { return milliseconds{between(low, high)}; }

 private:
  std::uint64_t state_;
};

}  // namespace exitgate::sim
