#include "tools/sim/faulty_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>

namespace exitgate::sim {
namespace {

Error dead() { return {"storage_io", "the process is no more"}; }

std::string unique_name() {
  static std::atomic<std::uint64_t> last{0};
  return "exitgate-sim-" + std::to_string(++last);
}

}  // namespace

FaultyDisk::FaultyDisk(std::uint64_t seed)
    : dice_(seed), name_(unique_name()), registered_(register_vfs(*this, name_)) {}

FaultyDisk::~FaultyDisk() { unregister_vfs(*registered_); }

// --- the end of the process ---

FaultyDisk::Step FaultyDisk::operation() {
  ++counts_.operations;
  if (!left_) return Step::kGoes;
  if (*left_ < 0) return Step::kDead;
  if (--*left_ >= 0) return Step::kGoes;
  ++counts_.cuts_within;
  return Step::kDies;
}

void FaultyDisk::cut_power() {
  // At times nothing of the cache was written, at times nearly all.
  const double survive = dice_.chance(0.3) ? 0 : dice_.part();
  const auto kept = dice_.between(0, static_cast<int>(unsynced_names_.size()));
  unsynced_names_.resize(static_cast<std::size_t>(kept));
  sync_names();
  names_ = synced_names_;
  for (auto& [path, file] : names_) {
    const auto cut = file->cut_power(dice_, survive);
    counts_.sectors_kept += cut.sectors_kept;
    counts_.sectors_lost += cut.sectors_lost;
  }
}

void FaultyDisk::set_name(const std::string& path, FilePtr file) {
  if (file) {
    names_[path] = file;
  } else {
    names_.erase(path);
  }
  unsynced_names_.emplace_back(path, std::move(file));
}

void FaultyDisk::sync_names() {
  for (auto& [path, file] : unsynced_names_) {
    if (file) {
      synced_names_[path] = std::move(file);
    } else {
      synced_names_.erase(path);
    }
  }
  unsynced_names_.clear();
}

std::uint64_t FaultyDisk::used_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [path, file] : names_) sum += file->size();
  return sum;
}

std::size_t FaultyDisk::torn(std::uint64_t offset, std::size_t bytes) {
  const auto first = offset / kSectorBytes;
  const auto last = (offset + bytes - 1) / kSectorBytes;
  const auto end =
      (first + static_cast<std::uint64_t>(dice_.between(0, static_cast<int>(last - first)))) * kSectorBytes;
  const auto part = end <= offset ? 0 : static_cast<std::size_t>(end - offset);
  if (part > 0) ++counts_.torn_writes;
  return part;
}

// --- what the VFS does ---

int FaultyDisk::open_file(const std::string& path, bool create, FilePtr& file) {
  if (stopped()) return SQLITE_CANTOPEN;
  const auto found = names_.find(path);
  if (found != names_.end()) {
    file = found->second;
    return SQLITE_OK;
  }
  if (!create || operation() != Step::kGoes) return SQLITE_CANTOPEN;
  file = std::make_shared<DiskFile>();
  set_name(path, file);
  return SQLITE_OK;
}

int FaultyDisk::read_file(DiskFile& file, std::uint64_t offset, std::span<std::uint8_t> into) {
  if (stopped()) return SQLITE_IOERR_READ;
  if (faults.read_error > 0 && dice_.chance(faults.read_error)) {
    ++counts_.read_errors;
    return SQLITE_IOERR_READ;
  }
  return file.read(offset, into) == into.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int FaultyDisk::write_file(DiskFile& file, std::uint64_t offset, std::span<const std::uint8_t> from) {
  if (from.empty()) return SQLITE_OK;
  const auto step = operation();
  if (step == Step::kDead) return SQLITE_IOERR_WRITE;
  if (step == Step::kDies) {
    file.write(offset, from.first(torn(offset, from.size())));
    return SQLITE_IOERR_WRITE;
  }
  if (faults.write_error > 0 && dice_.chance(faults.write_error)) {
    ++counts_.write_errors;
    file.write(offset, from.first(torn(offset, from.size())));
    return SQLITE_IOERR_WRITE;
  }
  if (faults.capacity_bytes && offset + from.size() > file.size()) {
    const auto grows = offset + from.size() - file.size();
    if (used_bytes() + grows > *faults.capacity_bytes) {
      ++counts_.full;
      file.write(offset, from.first(torn(offset, from.size())));
      return SQLITE_FULL;
    }
  }
  file.write(offset, from);
  return SQLITE_OK;
}

int FaultyDisk::truncate_file(DiskFile& file, std::uint64_t size) {
  if (operation() != Step::kGoes) return SQLITE_IOERR_TRUNCATE;
  file.truncate(size);
  return SQLITE_OK;
}

int FaultyDisk::sync_file(DiskFile& file, bool directory_too) {
  const auto step = operation();
  if (step == Step::kDead) return SQLITE_IOERR_FSYNC;
  if (step == Step::kDies) {
    if (dice_.chance(0.5)) file.sync();
    return SQLITE_IOERR_FSYNC;
  }
  if (faults.sync_error > 0 && dice_.chance(faults.sync_error)) {
    ++counts_.sync_errors;
    if (dice_.chance(0.5)) file.lose_sync();
    return SQLITE_IOERR_FSYNC;
  }
  file.sync();
  if (directory_too) sync_names();
  return SQLITE_OK;
}

int FaultyDisk::delete_file(const std::string& path, bool sync_directory) {
  if (!names_.contains(path)) return SQLITE_IOERR_DELETE_NOENT;
  if (operation() != Step::kGoes) return SQLITE_IOERR_DELETE;
  set_name(path, nullptr);
  if (sync_directory) sync_names();
  return SQLITE_OK;
}

void FaultyDisk::random_bytes(std::span<std::uint8_t> into) {
  for (auto& byte : into) byte = static_cast<std::uint8_t>(dice_.bits());
}

bool FaultyDisk::rot(const std::string& path, std::uint64_t offset, std::uint8_t flip) {
  const auto found = names_.find(path);
  if (found == names_.end() || offset >= found->second->size()) return false;
  found->second->rot(offset, flip);
  return true;
}

// --- StorageFiles ---

std::optional<std::uint64_t> FaultyDisk::size(const std::string& path) {
  const auto found = names_.find(path);
  if (found == names_.end() || stopped()) return std::nullopt;
  return found->second->size();
}

Result<std::size_t> FaultyDisk::read(const std::string& path, std::uint64_t offset, std::span<std::uint8_t> into) {
  const auto found = names_.find(path);
  if (found == names_.end()) return fail("storage_io", "there is no file " + path);
  const auto code = read_file(*found->second, offset, into);
  if (code == SQLITE_IOERR_READ) return fail("storage_io", "reading " + path + " failed");
  const auto size = found->second->size();
  return static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size - std::min(size, offset)));
}

Status FaultyDisk::rename(const std::string& from, const std::string& to) {
  const auto found = names_.find(from);
  if (operation() != Step::kGoes) return fail(dead());
  if (found == names_.end()) return fail("storage_io", "there is no file " + from);
  // One entry of the file system's journal: both names or none. sync_names() is the directory's sync.
  const auto file = found->second;
  set_name(to, file);
  set_name(from, nullptr);
  sync_names();
  return {};
}

Status FaultyDisk::remove(const std::string& path) {
  if (operation() != Step::kGoes) return fail(dead());
  if (names_.contains(path)) set_name(path, nullptr);
  return {};
}

Status FaultyDisk::reserve(const std::string& path, std::uint64_t bytes) {
  if (operation() != Step::kGoes) return fail(dead());
  if (free_bytes(path) < bytes) return fail("storage_full", "reserving " + path + ": no space left");
  auto file = std::make_shared<DiskFile>();
  file->truncate(bytes);
  set_name(path, std::move(file));
  return {};
}

std::uint64_t FaultyDisk::free_bytes(const std::string&) {
  if (!faults.capacity_bytes) return std::uint64_t{1} << 40;
  const auto used = used_bytes();
  return *faults.capacity_bytes - std::min(*faults.capacity_bytes, used);
}

}  // namespace exitgate::sim
