// Reads a store file. Purpose: a file becomes an immutable StoreConfig, or all its mistakes at once with their places.
//
// Ownership: the result belongs to the caller. Thread: any; reads the store file and those it names (each at most 1
// MiB), so it blocks for as long as the disk does. Errors: as findings; never throws for what a file holds.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "config/finding.hpp"
#include "config/store_config.hpp"

namespace exitgate::config {

struct Environment {
  std::optional<std::filesystem::path> credentials_directory;  ///< where `credential:NAME` is found
  /// Where a relative `[receipts] database` is; nothing: not on the gate, or not known.
  std::optional<std::filesystem::path> state_directory;
  std::filesystem::path zoneinfo =
      "/usr/share/zoneinfo";  ///< where it does not exist, only the form of a zone is checked
};
/// From $CREDENTIALS_DIRECTORY and $STATE_DIRECTORY.
[[nodiscard]] Environment process_environment();

struct LoadResult {
  std::shared_ptr<const StoreConfig> config;  ///< null exactly when `findings` has an error
  std::vector<Finding> findings;              ///< in the order of the file; warnings come with a config
};

/// `file` appears in the findings as it is given here.
[[nodiscard]] LoadResult load(const std::filesystem::path& file, const Environment& environment);

}  // namespace exitgate::config
