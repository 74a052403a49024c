// A FaultyDisk as SQLite sees it. Follows what SQLite's own VFS for Unix does where it matters for durability: the
// directory is synced with the first sync of a log that is opened to be written, and device and sector are reported as
// there. One connection at a time: locks are granted, shared memory is on the heap of that connection.
#include <sqlite3.h>

#include <cstring>
#include <new>

#include "tools/sim/faulty_disk.hpp"

namespace exitgate::sim {
namespace {

struct OpenFile {
  FaultyDisk* disk = nullptr;
  FaultyDisk::FilePtr file;
  bool sync_directory = false;
  bool delete_on_close = false;
  std::string path;
  std::vector<std::unique_ptr<std::uint8_t[]>> shared;
};
/// What SQLite gives room for.
struct FileHandle {
  sqlite3_file base;
  OpenFile* open;
};

OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<FileHandle*>(file)->open; }
FaultyDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk*>(vfs->pAppData); }

int close(sqlite3_file* file) {
  auto& open = of(file);
  if (open.delete_on_close) (void)open.disk->delete_file(open.path, false);
  delete reinterpret_cast<FileHandle*>(file)->open;
  return SQLITE_OK;
}
int read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 at) {
  auto& open = of(file);
  return open.disk->read_file(*open.file, static_cast<std::uint64_t>(at),
                              {static_cast<std::uint8_t*>(into), static_cast<std::size_t>(bytes)});
}
int write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  auto& open = of(file);
  return open.disk->write_file(*open.file, static_cast<std::uint64_t>(at),
                               {static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(bytes)});
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  auto& open = of(file);
  return open.disk->truncate_file(*open.file, static_cast<std::uint64_t>(size));
}
int sync(sqlite3_file* file, int) {
  auto& open = of(file);
  const int code = open.disk->sync_file(*open.file, open.sync_directory);
  if (code == SQLITE_OK) open.sync_directory = false;
  return code;
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(of(file).file->size());
  return SQLITE_OK;
}
int lock(sqlite3_file*, int) { return SQLITE_OK; }
int reserved(sqlite3_file*, int* out) {
  *out = 0;
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
int device(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int shm_map(sqlite3_file* file, int region, int bytes, int extend, void volatile** out) {
  auto& shared = of(file).shared;
  const auto at = static_cast<std::size_t>(region);
  *out = nullptr;
  if (at >= shared.size() && extend == 0) return SQLITE_OK;
  while (shared.size() <= at) shared.push_back(std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(bytes)));
  *out = shared[at].get();
  return SQLITE_OK;
}
int shm_lock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
void shm_barrier(sqlite3_file*) {}
int shm_unmap(sqlite3_file* file, int) {
  of(file).shared.clear();
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods{2,        close,       read,      write,   truncate,    sync,   file_size,
                                  lock,     lock,        reserved,  control, sector_size, device, shm_map,
                                  shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* handle = reinterpret_cast<FileHandle*>(file);
  handle->base.pMethods = nullptr;
  auto opened = std::make_unique<OpenFile>();
  opened->disk = &disk_of(vfs);
  opened->path = name == nullptr ? "unnamed" : name;
  opened->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  const bool create = (flags & SQLITE_OPEN_CREATE) != 0;
  const int code = opened->disk->open_file(opened->path, create, opened->file);
  if (code != SQLITE_OK) return code;
  const bool is_log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  // As unixOpen() in os_unix.c: also where the log is there already, since whoever made it may have died before its
  // sync.
  opened->sync_directory = create && is_log;
  if (out_flags != nullptr) *out_flags = flags;
  handle->open = opened.release();
  handle->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return disk_of(vfs).delete_file(name, sync_directory != 0);
}
int access(sqlite3_vfs* vfs, const char* name, int, int* out) {
  *out = disk_of(vfs).exists(name) ? 1 : 0;
  return SQLITE_OK;
}
int full_path(sqlite3_vfs*, const char* name, int bytes, char* out) {
  sqlite3_snprintf(bytes, out, "%s", name);
  return SQLITE_OK;
}
int randomness(sqlite3_vfs* vfs, int bytes, char* out) {
  disk_of(vfs).random_bytes({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(bytes)});
  return bytes;
}
int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
int time_of_day(sqlite3_vfs*, sqlite3_int64* julian_ms) {
  *julian_ms = 212'000'000'000'000;  // nobody asks for it; a fixed moment
  return SQLITE_OK;
}
int days(sqlite3_vfs*, double* julian_days) {
  *julian_days = 2'453'703.7;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

std::unique_ptr<sqlite3_vfs> register_vfs(FaultyDisk& disk, const std::string& name) {
  auto vfs = std::make_unique<sqlite3_vfs>();
  vfs->iVersion = 2;
  vfs->szOsFile = static_cast<int>(sizeof(FileHandle));
  vfs->mxPathname = 512;
  vfs->zName = name.c_str();
  vfs->pAppData = &disk;
  vfs->xOpen = open;
  vfs->xDelete = remove;
  vfs->xAccess = access;
  vfs->xFullPathname = full_path;
  vfs->xRandomness = randomness;
  vfs->xSleep = sleep;
  vfs->xCurrentTime = days;
  vfs->xGetLastError = last_error;
  vfs->xCurrentTimeInt64 = time_of_day;
  sqlite3_vfs_register(vfs.get(), 0);
  return vfs;
}

void unregister_vfs(sqlite3_vfs& vfs) { sqlite3_vfs_unregister(&vfs); }

}  // namespace exitgate::sim
