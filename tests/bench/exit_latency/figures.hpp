// What was measured, as a table and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io_server.hpp"

namespace exitgate::bench {

/// One way of leaving, through the daemon and through the bare loop.
struct Variant {
  std::string basis;
  std::vector<Stamps> daemon;
  std::vector<Stamps> bare;
};

[[nodiscard]] std::string table(const std::vector<Variant>& variants);
/// `place`: where the databases were.
[[nodiscard]] std::string json(const std::vector<Variant>& variants, const std::string& place);

}  // namespace exitgate::bench
