// Ids from the kernel's random numbers. Thread: any. getrandom(2) blocks only before the kernel's pool is first filled.
#pragma once

#include "core/event.hpp"

namespace exitgate::runtime {

class RandomIds final : public IdSource {
 public:
  Uuid next(WallTime at) override;
};

/// In [0, 1), for the jitter of back-offs.
[[nodiscard]] double random_fraction();

}  // namespace exitgate::runtime
