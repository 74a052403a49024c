// Signs of damage that SQLite itself would pass over in silence.
#include "receipts/raw_pages.hpp"
#include "receipts/salvage.hpp"
#include "receipts/schema.hpp"

namespace exitgate {

Result<std::optional<std::string>> damage_before_opening(const OutboxOptions& options, StorageFiles& files) {
  const auto size = files.size(options.path);
  const auto wal_size = files.size(options.path + "-wal").value_or(0);
  if (size.value_or(0) == 0 && wal_size > 32) return "the database file is empty or gone, its write-ahead log is not";
  if (size == 0U && files.size(options.path + ".reserve")) return "the database file is empty";
  const auto wal = read_wal(files, options.path + "-wal");
  if (!wal) return fail(wal.error());
  if (wal->lost_commits) return "the write-ahead log is broken in the middle";
  // A power cut while the log is moved into the file leaves a last page in part; then the log still has it.
  const auto whole_pages = size.value_or(0) / kPageBytes;
  const bool part_of_page = size.value_or(0) % kPageBytes != 0;
  if (part_of_page && !wal->pages.contains(static_cast<std::uint32_t>(whole_pages + 1))) {
    return "the database file ends within a page";
  }
  return std::nullopt;
}

}  // namespace exitgate
