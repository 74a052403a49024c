// Reads what is left of a damaged SQLite file without SQLite: every table leaf page is taken for itself, whether or
// not header, schema, interior pages or indexes that lead to it are readable. Pages in the write-ahead log go before
// those in the file. Source: "Database File Format", sqlite.org/fileformat2.html, sections 1.3, 1.6, 2.1 and 4.
// Internal to receipts/. Errors: storage_io.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/encoding.hpp"
#include "base/result.hpp"
#include "receipts/storage_files.hpp"

namespace exitgate {

/// A write-ahead log as it lies on the disk.
struct WalContent {
  std::uint32_t page_size = 0;                   ///< 0: no log, or an empty one
  std::map<std::uint32_t, std::uint64_t> pages;  ///< page number → offset of its newest readable version
  /// Offsets of pages whose frames fail their checksum. Rows that carry a check of their own may still be whole in
  /// them.
  std::vector<std::uint64_t> broken_pages;
  /// Commits lie behind a broken place that only damage explains: a power cut tears the last transaction at most.
  bool lost_commits = false;
};
[[nodiscard]] Result<WalContent> read_wal(StorageFiles& files, const std::string& path);

using RawValue = std::variant<std::monostate, std::int64_t, double, std::string>;
struct RawRow {
  std::int64_t rowid = 0;
  std::vector<RawValue> values;
};
/// Gives every row of every table leaf page of the file and its log, those of broken frames last; cells that make no
/// sense are passed over.
[[nodiscard]] Status for_each_raw_row(StorageFiles& files, const std::string& path,
                                      const std::function<void(const RawRow&)>& give);

}  // namespace exitgate
