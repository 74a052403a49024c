// The ReceiptStore port on SQLite: one worker thread owns an Outbox; what waits when the worker turns is committed
// together.
//
// Ownership: the caller owns the store; the io_context must outlive it. Destroying it finishes what was submitted;
// callbacks that have not run by then are dropped. Thread: all calls and callbacks on the thread that runs the
// io_context. Errors: as the port says. At opening also schema_newer and storage_foreign, with which nothing was
// touched. Timing: a lone submit is one transaction with one fsync. Reads are answered after the writes that wait with
// them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/mono_time.hpp"
#include "base/result.hpp"
#include "ports/receipt_store.hpp"
#include "receipts/outbox.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate {

struct StoreSettings {
  std::string path;
  std::int64_t max_queued = 1'000'000;
  int retention_days = 30;
  std::uint64_t reserve_bytes = kReserveBytes;
  std::string vfs;  ///< empty: the default one
  /// Told on the loop's thread after every transaction: from taking it up to being durable (metric commit_seconds).
  std::function<void(Duration)> committed;
  bool own_folder = false;                            ///< as in OutboxOptions
  Duration reserve_retry = std::chrono::seconds{10};  ///< how often a released reserve file is tried again
};

class SqliteReceiptStore final : public ReceiptStore {
 public:
  SqliteReceiptStore(boost::asio::io_context& io, Outbox outbox, std::function<void(Duration)> committed,
                     Duration reserve_retry = std::chrono::seconds{10});
  ~SqliteReceiptStore() override;

  void submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) override;
  void next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) override;
  void record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) override;
  void retry(const Uuid& receipt_id, std::function<void(Status)> done) override;
  void list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) override;
  void get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) override;
  [[nodiscard]] QueueStatus queue_status() const override;
  void on_queue_change(std::function<void(const QueueStatus&)> told) override;

  /// Drops what is too old, in small steps between commits. `now` must be a clock that is trusted; call it every minute
  /// or so.
  void housekeep(WallTime now);
  void verify(std::function<void(Result<VerifyReport>)> done);

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
};

struct OpenedStore {
  std::unique_ptr<SqliteReceiptStore> store;
  LoadedState state;
  DamageReport damage;
};

/// Opens, salvages if need be, and loads; blocks meanwhile, so call it before the loop turns.
[[nodiscard]] Result<OpenedStore> open_receipt_store(boost::asio::io_context& io, StoreSettings settings);

}  // namespace exitgate
