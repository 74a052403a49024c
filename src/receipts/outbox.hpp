// The receipt database: one SQLite file (WAL, synchronous=FULL) with the receipts, their hash chain, the queue, the
// quarantine, and what else of the controller must outlive the process.
//
// Purpose: the synchronous, single-threaded core of the store; times and fresh ids are arguments.
// Ownership: owns its connection. Thread: one at a time. Blocks for the time of an fsync.
// Errors: storage_full, storage_io, storage_damaged, not_found, wrong_state, invalid_receipt; at opening also
// schema_newer and (outside of the box's own folder) storage_foreign, with which nothing was touched.
// Invariants: a receipt_id is there once; a sealed receipt never changes; sequence rises by one per chain with no gap;
// nothing is deleted because it failed; a row that cannot be read is told, kept and never delivered altered.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "core/persist.hpp"
#include "ports/receipt_store.hpp"
#include "receipts/storage_files.hpp"
#include "receipts/verify.hpp"

namespace exitgate {

inline constexpr std::uint64_t kReserveBytes = 16ULL << 20;
/// Receipts that are still taken beyond max_queued: about what the reserve file makes room for.
inline constexpr std::int64_t kReserveReceipts = 10'000;

struct OutboxOptions {
  std::string path;
  std::string vfs;                ///< name of a registered SQLite VFS; empty: the default one
  StorageFiles* files = nullptr;  ///< nullptr: the operating system's
  WallTime now{};
  Uuid fresh_chain_id;  ///< of the chain that begins if a new database must
  std::int64_t max_queued = 1'000'000;
  int retention_days = 30;
  std::uint64_t reserve_bytes = kReserveBytes;  ///< 0: no reserve file
  /// The folder is exitgate's own: somebody else's database in it is kept aside like a damaged one.
  bool own_folder = false;
};

struct SequenceRange {
  Uuid chain_id;
  std::int64_t first = 0;
  std::int64_t last = 0;
  friend bool operator==(const SequenceRange&, const SequenceRange&) = default;
};
struct BadRow {
  std::string table;
  std::int64_t rowid = 0;
  std::string what;
};
/// What was found wrong at start, and what became of it. Of a database begun anew it is told at every start of a day:
/// the one that salvaged may have ended before anybody heard.
struct DamageReport {
  bool begun_anew = false;              ///< kept aside, salvaged, a new chain begun
  WallTime found_at{};                  ///< of begun_anew
  std::string what;                     ///< what was wrong with the old file
  std::vector<std::string> kept_aside;  ///< files; at later starts not named: *.damaged-<time> beside the database
  std::size_t receipts_salvaged = 0;
  std::size_t undelivered_salvaged = 0;  ///< of them queued: delivered as they were
  std::size_t receipts_damaged = 0;      ///< now in quarantine with reason "damaged"
  std::size_t state_rows_salvaged = 0;
  std::vector<SequenceRange> missing;  ///< of the old chain
  std::vector<BadRow> bad_rows;        ///< rows that could not be read (in a database that was opened as it is)
  [[nodiscard]] bool anything() const { return begun_anew || !bad_rows.empty(); }
};

struct RetryReceipt {
  Uuid receipt_id;
};
using OutboxWrite = std::variant<std::vector<StoreWrite>, DeliveryOutcome, RetryReceipt>;

struct LoadedOutbox {
  LoadedState state;
  std::vector<BadRow> bad_rows;
};

class Outbox {
 public:
  struct Opened;
  /// Opens or creates; salvages a damaged file first (operation contract, "Database unreadable at start").
  [[nodiscard]] static Result<Opened> open(const OutboxOptions& options);
  Outbox(Outbox&&) noexcept;
  Outbox& operator=(Outbox&&) noexcept;
  ~Outbox();

  /// Open receipts that cannot be read are put into quarantine; other rows that cannot are told and left.
  [[nodiscard]] Result<LoadedOutbox> load(WallTime now);

  [[nodiscard]] Status apply(const std::vector<StoreWrite>& transaction);
  /// One durable transaction; each write succeeds or fails by itself.
  [[nodiscard]] std::vector<Status> apply_group(std::span<const OutboxWrite> group);
  [[nodiscard]] Status record_outcome(const DeliveryOutcome& outcome);
  [[nodiscard]] Status retry(const Uuid& receipt_id);

  /// The oldest queued, in order; what cannot be read is moved to quarantine on the way.
  [[nodiscard]] Result<std::vector<StoredReceipt>> next_queued(std::size_t limit);
  /// A row that cannot be read is listed with what can be read of it, its reason beginning with "damaged".
  [[nodiscard]] Result<ReceiptPage> list(const ReceiptQuery& query);
  [[nodiscard]] Result<StoredReceipt> get(const Uuid& receipt_id);
  [[nodiscard]] const QueueStatus& queue_status() const;

  /// Drops expired state and delivered receipts older than retention_days; never the newest receipt of a chain. Up to
  /// 500 rows a call; true: call again. `now` must be a clock that is trusted.
  [[nodiscard]] Result<bool> housekeep(WallTime now);
  /// Creates the reserve file again once twice its size is free. True: it is there.
  [[nodiscard]] bool restore_reserve();
  /// Pages in the write-ahead log; checkpoint() moves them into the database without hindering readers.
  [[nodiscard]] int wal_pages() const;
  [[nodiscard]] Status checkpoint();

  [[nodiscard]] Result<VerifyReport> verify();
  /// Gives every receipt of `state` (or every sealed one) as one line of JSON; `sink` returns false to stop.
  [[nodiscard]] Status export_lines(std::optional<ReceiptState> state,
                                    const std::function<bool(std::string_view)>& sink);

 private:
  struct Impl;
  explicit Outbox(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Outbox::Opened {
  Outbox outbox;
  DamageReport damage;
};

}  // namespace exitgate
