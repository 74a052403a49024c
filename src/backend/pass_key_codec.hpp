// GET /v1/stores/{store}/pass-keys (backend contract). Pure.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/backend_messages.hpp"

namespace exitgate {

struct DecodedPassKeys {
  std::vector<PassKey> keys;  ///< at most 256: one per key id, of two the later
  std::size_t skipped = 0;    ///< entries this gate cannot read (another kind of key, a wrong field)
};

/// Error "backend_malformed" when there is no list of keys; a single bad entry does not spoil the others.
[[nodiscard]] Result<DecodedPassKeys> decode_pass_keys(std::string_view body);

}  // namespace exitgate
