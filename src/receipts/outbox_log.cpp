// The write-ahead log: believed once it is on the medium, moved into the database when nobody waits.
#include <algorithm>
#include <vector>

#include "receipts/outbox_impl.hpp"

namespace exitgate {
namespace {

constexpr sqlite3_int64 kPieceBytes = 64 << 10;

int count_wal_pages(void* pages, sqlite3*, const char*, int in_log) {
  *static_cast<int*>(pages) = in_log;
  return SQLITE_OK;
}

tl::unexpected<Error> log_error(int code) {
  return fail(storage_error(nullptr, code, "writing the database's log again, to be sure that the disk has it"));
}

/// Writes the bytes of the log over themselves, so that the system takes them for unwritten, and syncs them.
Status write_again(sqlite3_file& log) {
  const auto& file = *log.pMethods;
  sqlite3_int64 size = 0;
  if (const int code = file.xFileSize(&log, &size); code != SQLITE_OK) return log_error(code);
  std::vector<char> piece(static_cast<std::size_t>(std::min(size, kPieceBytes)));
  for (sqlite3_int64 at = 0; at < size; at += kPieceBytes) {
    const auto bytes = static_cast<int>(std::min(size - at, kPieceBytes));
    if (const int code = file.xRead(&log, piece.data(), bytes, at); code != SQLITE_OK) return log_error(code);
    if (const int code = file.xWrite(&log, piece.data(), bytes, at); code != SQLITE_OK) return log_error(code);
  }
  if (size == 0) return {};
  if (const int code = file.xSync(&log, SQLITE_SYNC_NORMAL); code != SQLITE_OK) return log_error(code);
  return {};
}

}  // namespace

void keep_untouched(Database& db, bool untouched) {
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, untouched ? 1 : 0, nullptr);
}

void Outbox::Impl::watch_log() { sqlite3_wal_hook(db.handle(), count_wal_pages, &wal_pages); }

// A sync that fails leaves its pages in the system's memory, taken for written: fsync(2) tells of the loss once, and a
// process that starts later reads there what the disk has never had (https://wiki.postgresql.org/wiki/Fsync_Errors).
// Put behind such a page, and gone with it at the next power cut, would be everything that is confirmed from here on.
// The process that saw the sync fail writes that place of the log again by itself; only a new one has to do it here.
Status Outbox::Impl::prove_log() {
  if (log_proven) return {};
  sqlite3_file* log = nullptr;
  sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log != nullptr && log->pMethods != nullptr) {
    if (auto done = write_again(*log); !done) return done;
  }
  log_proven = true;
  keep_untouched(db, false);
  return {};
}

Status Outbox::Impl::begin() {
  if (auto proven = prove_log(); !proven) return proven;
  return Query(db, "BEGIN IMMEDIATE").run();
}

int Outbox::wal_pages() const { return impl_->wal_pages; }

Status Outbox::checkpoint() {
  auto& in = *impl_;
  if (auto proven = in.prove_log(); !proven) return proven;
  int in_log = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(in.db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
  if (code != SQLITE_OK && code != SQLITE_BUSY)
    return fail(storage_error(in.db.handle(), code, "moving the log into the database"));
  if (in_log == moved) in.wal_pages = 0;
  return {};
}

}  // namespace exitgate
