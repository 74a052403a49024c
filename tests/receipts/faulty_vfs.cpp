#include "faulty_vfs.hpp"

#include <sqlite3.h>

#include <new>

namespace exitgate::test {
namespace {

struct File {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }
const sqlite3_io_methods& on(sqlite3_file* file) { return *real(file)->pMethods; }

int close(sqlite3_file* f) { return on(f).xClose(real(f)); }
int read(sqlite3_file* f, void* into, int n, sqlite3_int64 at) { return on(f).xRead(real(f), into, n, at); }
int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  const int code = disk_faults().write_code;
  return code ? code : on(f).xWrite(real(f), from, n, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 n) { return on(f).xTruncate(real(f), n); }
int sync(sqlite3_file* f, int flags) {
  ++disk_faults().syncs;
  if (disk_faults().syncs_to_fail > 0) {
    --disk_faults().syncs_to_fail;
    return SQLITE_IOERR_FSYNC;
  }
  if (disk_faults().good_syncs == 0) return SQLITE_IOERR_FSYNC;
  if (disk_faults().good_syncs > 0) --disk_faults().good_syncs;
  const int code = disk_faults().sync_code;
  return code ? code : on(f).xSync(real(f), flags);
}
int file_size(sqlite3_file* f, sqlite3_int64* n) { return on(f).xFileSize(real(f), n); }
int lock(sqlite3_file* f, int level) { return on(f).xLock(real(f), level); }
int unlock(sqlite3_file* f, int level) { return on(f).xUnlock(real(f), level); }
int reserved(sqlite3_file* f, int* out) { return on(f).xCheckReservedLock(real(f), out); }
int control(sqlite3_file* f, int op, void* arg) { return on(f).xFileControl(real(f), op, arg); }
int sector(sqlite3_file* f) { return on(f).xSectorSize(real(f)); }
int device(sqlite3_file* f) { return on(f).xDeviceCharacteristics(real(f)); }
int shm_map(sqlite3_file* f, int page, int n, int extend, void volatile** out) {
  return on(f).xShmMap(real(f), page, n, extend, out);
}
int shm_lock(sqlite3_file* f, int at, int n, int flags) { return on(f).xShmLock(real(f), at, n, flags); }
void shm_barrier(sqlite3_file* f) { on(f).xShmBarrier(real(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return on(f).xShmUnmap(real(f), remove); }

const sqlite3_io_methods kMethods{2,        close,       read,      write,   truncate, sync,   file_size,
                                  lock,     unlock,      reserved,  control, sector,   device, shm_map,
                                  shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};

sqlite3_vfs* real_vfs() { return sqlite3_vfs_find("unix"); }

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* wrapped = new (file) File{};
  wrapped->real = reinterpret_cast<sqlite3_file*>(wrapped + 1);
  const int code = real_vfs()->xOpen(real_vfs(), name, wrapped->real, flags, out_flags);
  wrapped->base.pMethods = code == SQLITE_OK ? &kMethods : nullptr;
  return code;
}

}  // namespace

DiskFaults& disk_faults() {
  static DiskFaults faults;
  return faults;
}

const std::string& faulty_vfs() {
  static const std::string name = [] {
    static sqlite3_vfs vfs = *real_vfs();
    vfs.zName = "faulty";
    vfs.pNext = nullptr;
    vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs()->szOsFile;
    vfs.xOpen = open;
    sqlite3_vfs_register(&vfs, 0);
    return std::string("faulty");
  }();
  disk_faults().clear();
  return name;
}

}  // namespace exitgate::test
