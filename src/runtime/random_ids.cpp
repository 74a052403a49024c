#include "runtime/random_ids.hpp"

#include <sys/random.h>

#include "base/check.hpp"

namespace exitgate::runtime {

Uuid RandomIds::next(WallTime at) {
  std::array<std::uint8_t, 10> random{};
  EXITGATE_CHECK(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  return make_uuid_v7(at, random);
}

double random_fraction() {
  std::uint32_t number = 0;
  EXITGATE_CHECK(getrandom(&number, sizeof number, 0) == static_cast<ssize_t>(sizeof number));
  return static_cast<double>(number) / 4294967296.0;
}

}  // namespace exitgate::runtime
