// The running configuration as JSON, for GET /api/v1/config: the tables and keys of the store file with defaults filled
// in, without beacon keys, certificates or private keys (the paths of files are shown).
#pragma once

#include <string>

#include "config/store_config.hpp"

namespace exitgate::config {

[[nodiscard]] std::string to_json(const StoreConfig& config);

}  // namespace exitgate::config
