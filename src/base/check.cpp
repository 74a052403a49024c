#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace exitgate {

void check_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "exitgate: check failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace exitgate
