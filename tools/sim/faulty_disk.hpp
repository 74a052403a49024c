// A box's disk with the system's cache before it, in memory: what was not synced is forgotten at a power cut, and what
// of it survives is drawn, sector by sector, in any order. SQLite sees it as a VFS, the outbox as its StorageFiles.
//
// Ownership: registers a VFS under its own name for as long as it lives; whoever opened files through it closes them
// first. Thread: one. Errors: as SQLite's and StorageFiles's. One connection to a database at a time: there is one
// process on a box. Model: a sector (512 bytes) is written whole or not at all; a sync makes a file's content durable,
// the directory is synced by SQLite's first sync of a log it opened, by rename() and by a delete that asks for it;
// directory entries become durable in the order in which they were made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "receipts/storage_files.hpp"
#include "tools/sim/disk_counts.hpp"
#include "tools/sim/disk_file.hpp"

struct sqlite3_vfs;

namespace exitgate::sim {

/// What goes wrong, as shares of the operations of a kind.
struct DiskFaults {
  double read_error = 0;
  double write_error = 0;
  double sync_error = 0;
  std::optional<std::uint64_t> capacity_bytes;  ///< a file that would grow beyond it: full
};
class FaultyDisk final : public StorageFiles {
 public:
  explicit FaultyDisk(std::uint64_t seed);
  ~FaultyDisk() override;
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  [[nodiscard]] const std::string& vfs() const { return name_; }
  DiskFaults faults;
  [[nodiscard]] const DiskCounts& counts() const { return counts_; }
  [[nodiscard]] DiskCounts& counts() { return counts_; }
  [[nodiscard]] std::uint64_t used_bytes() const;

  // --- the end of the process ---
  /// From the operation after `operations` more, nothing takes effect any more and everything fails.
  void stop_after(std::int64_t operations) { left_ = operations; }
  [[nodiscard]] bool stopped() const { return left_ && *left_ < 0; }
  /// For whoever comes next. Only when nothing is open any more. A killed process leaves the cache as it is.
  void start_again() { left_.reset(); }
  void cut_power();

  // --- StorageFiles ---
  std::optional<std::uint64_t> size(const std::string& path) override;
  Result<std::size_t> read(const std::string& path, std::uint64_t offset, std::span<std::uint8_t> into) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status reserve(const std::string& path, std::uint64_t bytes) override;
  std::uint64_t free_bytes(const std::string& path) override;

  // --- what the VFS does; codes are SQLite's ---
  using FilePtr = std::shared_ptr<DiskFile>;
  [[nodiscard]] int open_file(const std::string& path, bool create, FilePtr& file);
  [[nodiscard]] int read_file(DiskFile& file, std::uint64_t offset, std::span<std::uint8_t> into);
  [[nodiscard]] int write_file(DiskFile& file, std::uint64_t offset, std::span<const std::uint8_t> from);
  [[nodiscard]] int truncate_file(DiskFile& file, std::uint64_t size);
  [[nodiscard]] int sync_file(DiskFile& file, bool directory_too);
  [[nodiscard]] int delete_file(const std::string& path, bool sync_directory);
  [[nodiscard]] bool exists(const std::string& path) const { return names_.contains(path); }
  void random_bytes(std::span<std::uint8_t> into);
  /// Damage: one byte of the file is another from now on. False: there is no such byte.
  bool rot(const std::string& path, std::uint64_t offset, std::uint8_t flip);

 private:
  enum class Step : std::uint8_t { kGoes, kDies, kDead };
  [[nodiscard]] Step operation();
  void set_name(const std::string& path, FilePtr file);
  void sync_names();
  /// How many bytes of a write that ends within are on the disk.
  [[nodiscard]] std::size_t torn(std::uint64_t offset, std::size_t bytes);

  Dice dice_;
  std::string name_;
  std::unique_ptr<sqlite3_vfs> registered_;
  std::map<std::string, FilePtr> names_;
  std::map<std::string, FilePtr> synced_names_;
  std::vector<std::pair<std::string, FilePtr>> unsynced_names_;  ///< no file: removed
  std::optional<std::int64_t> left_;
  DiskCounts counts_;
};

/// disk_vfs.cpp: registered until it is given back.
[[nodiscard]] std::unique_ptr<sqlite3_vfs> register_vfs(FaultyDisk& disk, const std::string& name);
void unregister_vfs(sqlite3_vfs& vfs);

}  // namespace exitgate::sim
