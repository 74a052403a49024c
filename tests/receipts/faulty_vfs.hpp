// An SQLite VFS over the default one whose writes and syncs fail when told to. Registered once under "faulty".
#pragma once

#include <atomic>
#include <string>

namespace exitgate::test {

struct DiskFaults {
  std::atomic<int> write_code{0};  ///< SQLITE_FULL, SQLITE_IOERR_WRITE, …; 0: none
  std::atomic<int> sync_code{0};
  std::atomic<int> syncs{0};  ///< counted
  std::atomic<int> syncs_to_fail{0};
  std::atomic<int> good_syncs{-1};  ///< after so many every one fails; -1: none does
  void clear() {
    write_code = sync_code = syncs = syncs_to_fail = 0;
    good_syncs = -1;
  }
};
/// The faults of every file opened through it.
DiskFaults& disk_faults();
/// Its name, registered on first use.
const std::string& faulty_vfs();

}  // namespace exitgate::test
