// What the outbox does with files beside what SQLite does: keeping a damaged database aside, the reserve file, raw
// reading for salvage. Abstract so that a simulated disk can stand in. Thread: the outbox's. Errors: storage_io,
// storage_full.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"

namespace exitgate {

class StorageFiles {
 public:
  virtual ~StorageFiles() = default;
  /// Nothing when there is no such file.
  [[nodiscard]] virtual std::optional<std::uint64_t> size(const std::string& path) = 0;
  /// Fills as much of `into` as the file has at `offset`; the number of bytes.
  [[nodiscard]] virtual Result<std::size_t> read(const std::string& path, std::uint64_t offset,
                                                 std::span<std::uint8_t> into) = 0;
  /// Replaces `to` if it is there. Durable when it returns.
  [[nodiscard]] virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// A file that is not there is no error.
  [[nodiscard]] virtual Status remove(const std::string& path) = 0;
  /// A file that occupies `bytes` of the disk.
  [[nodiscard]] virtual Status reserve(const std::string& path, std::uint64_t bytes) = 0;
  /// Free on the disk that holds `path`.
  [[nodiscard]] virtual std::uint64_t free_bytes(const std::string& path) = 0;
};

/// The operating system's; has no state.
[[nodiscard]] StorageFiles& posix_files();

}  // namespace exitgate
