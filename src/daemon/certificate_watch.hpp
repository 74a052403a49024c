// Certificates whose end comes near (fault certificate_expiry).
//
// Ownership: a value. Thread: the loop's; look() is a stat() for each file, and reads those that have changed. Errors:
// a file that can't be read keeps the end it had: being gone is no renewal, and its own fault tells of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/wall_time.hpp"

namespace exitgate::daemon {

class CertificateWatch {
 public:
  /// kByItself: whoever uses the file reads it again. kByReload: it is in use as it was when this watch began.
  enum class Renewed : unsigned char { kByItself, kByReload };
  void add(std::filesystem::path file, Renewed renewed);
  /// Reads the files that have changed since the last look.
  void look();
  /// What to renew within 30 days; empty: nothing.
  [[nodiscard]] std::string advice(WallTime now) const;

 private:
  struct Watched {
    std::filesystem::path file;
    Renewed renewed;
    std::string stamp;
    std::optional<WallTime> until;
  };
  std::vector<Watched> files_;
};

/// Differs when a file was replaced or written; empty where it is not there.
[[nodiscard]] std::string file_stamp(const std::filesystem::path& file);

}  // namespace exitgate::daemon
