// The inside of Outbox. Internal to receipts/.
#pragma once

#include "receipts/outbox.hpp"
#include "receipts/receipt_row.hpp"
#include "receipts/sqlite_db.hpp"
#include "receipts/state_rows.hpp"

namespace exitgate {

/// What is known of the tables without asking them. A copy is taken before a transaction and put back if it fails.
struct OutboxMemory {
  ChainState chain;
  std::int64_t last_position = 0;
  std::int64_t queued = 0;
  std::int64_t quarantined = 0;
};

struct Outbox::Impl {
  Impl(OutboxOptions o, Database d)
      : options(std::move(o)), files(options.files ? *options.files : posix_files()), db(std::move(d)) {}

  OutboxOptions options;
  StorageFiles& files;
  Database db;
  OutboxMemory memory;
  QueueStatus status;
  bool reserve_there = false;
  bool disk_was_full = false;  ///< SQLite said so during the last transaction
  int wal_pages = 0;

  // outbox_log.cpp
  bool log_proven = false;  ///< what was read from the log at the start is on the medium
  void watch_log();
  [[nodiscard]] Status prove_log();
  /// Every transaction begins here: nothing is put behind what may not be on the medium.
  [[nodiscard]] Status begin();

  // outbox_open.cpp
  [[nodiscard]] Status get_ready();
  [[nodiscard]] Status read_memory();
  [[nodiscard]] std::string reserve_path() const { return options.path + ".reserve"; }
  /// What an earlier start salvaged, for a day.
  [[nodiscard]] DamageReport told_damage();
  void refresh_status();

  // outbox_writes.cpp
  [[nodiscard]] std::vector<Status> transact(std::span<const OutboxWrite> group);
  [[nodiscard]] Status run(const OutboxWrite& write);
  [[nodiscard]] Status put_open(const Receipt& receipt);
  [[nodiscard]] Status put_sealed(const Receipt& receipt);
  [[nodiscard]] Status room_for_another() const;
  /// Whether SQLite or the disk said so, rather than the outbox's own bound.
  [[nodiscard]] bool of_the_disk(const Error& error) const;
  [[nodiscard]] Status record(const DeliveryOutcome& outcome);
  [[nodiscard]] Status mark_delivered(const Uuid& receipt_id);
  [[nodiscard]] Status mark_rejected(const Rejected& rejected);
  [[nodiscard]] Status put_back(const Uuid& receipt_id);
  /// Writes the row with another state, and counts.
  [[nodiscard]] Status change_state(ReceiptRow row, ReceiptState to, std::string reason);
  /// Puts rows that decode() refuses into quarantine, in a transaction of its own.
  [[nodiscard]] Status quarantine_damaged(const std::vector<std::pair<ReceiptRow, Error>>& rows);
  [[nodiscard]] Status commit_or_undo(const OutboxMemory& before, Status so_far);
};

/// With damage in the file nothing may be written to it, not even by closing.
void keep_untouched(Database& db, bool untouched);

}  // namespace exitgate
