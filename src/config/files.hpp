// The files a store file names: found beside it or among the service's credentials, read with a bound, looked at.
// Private to config/.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/load.hpp"
#include "config/section.hpp"
#include "config/tls_trial.hpp"

namespace exitgate::config {

/// At most 1 MiB. The error's message names the file and says what is wrong.
[[nodiscard]] Result<std::string> read_small_file(const std::filesystem::path& file);

class Files {
 public:
  /// Relative paths start at `folder`.
  Files(std::filesystem::path folder, Environment environment)
      : folder_(std::move(folder)), environment_(std::move(environment)) {}

  [[nodiscard]] const Environment& environment() const { return environment_; }
  [[nodiscard]] std::filesystem::path resolve(std::string_view path) const;

  /// A key of `section` that names a PEM file the daemon can use. `trial` is the section's: a certificate before its
  /// key.
  [[nodiscard]] std::optional<std::filesystem::path> pem(Section& section, std::string_view name, Need need,
                                                         PemKind kind, TlsTrial& trial) const;
  /// The users of the API: "user:role:hash" lines.
  [[nodiscard]] std::optional<std::filesystem::path> users(Section& section, std::string_view name) const;
  /// One or two files of 64 hex digits.
  [[nodiscard]] std::vector<BeaconKey> beacon_keys(Section& section, std::string_view name) const;

 private:
  struct Found {
    std::filesystem::path path;
    std::string content;
  };
  [[nodiscard]] Result<Found> read(std::string_view written) const;
  [[nodiscard]] std::optional<Found> read_named(Section& section, std::string_view name, Need need,
                                                const char* expected) const;

  std::filesystem::path folder_;
  Environment environment_;
};

}  // namespace exitgate::config
