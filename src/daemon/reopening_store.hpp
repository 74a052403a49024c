// A receipt store that outlives a database found damaged while running: it closes it and opens it again, which salvages
// what is readable into a new one.
//
// Ownership: owns the store behind it and the thread that opens it anew; the io_context outlives it. Thread: all calls
// and callbacks on the loop's. Errors: what is asked meanwhile, or was on its way, is answered storage_io: whoever
// keeps what it submitted until it is written (the controller does) sends it again into the new database. Timing:
// opening reads every page, so it has a thread of its own; tried again after 5 s if it fails.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "receipts/sqlite_receipt_store.hpp"
#include "runtime/loop_timer.hpp"

namespace exitgate::daemon {

class ReopeningStore final : public ReceiptStore {
 public:
  using Open = std::function<Result<OpenedStore>()>;
  struct Sinks {
    std::function<void(const std::string& why)> damaged;  ///< closed; being opened again
    std::function<void(const DamageReport&)> reopened;    ///< in service again
  };

  ReopeningStore(boost::asio::io_context& loop, std::unique_ptr<SqliteReceiptStore> store, Open open, Sinks sinks);
  ~ReopeningStore() override;

  void submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) override;
  void next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) override;
  void record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) override;
  void retry(const Uuid& receipt_id, std::function<void(Status)> done) override;
  void list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) override;
  void get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) override;
  [[nodiscard]] QueueStatus queue_status() const override;
  void on_queue_change(std::function<void(const QueueStatus&)> told) override;
  void housekeep(WallTime now);

 private:
  using Fail = std::function<void(const Error&)>;
  template <class Answer>
  std::function<void(Answer)> outstanding(std::function<void(Answer)> done);
  void damaged(const std::string& why);
  void reopen();
  void opened(Result<OpenedStore> result);

  boost::asio::io_context& loop_;
  Open open_;
  Sinks sinks_;
  std::unique_ptr<SqliteReceiptStore> store_;  ///< nothing while it is being opened
  std::shared_ptr<bool> alive_;                ///< callbacks on their way find out that this is gone
  std::map<std::uint64_t, Fail> outstanding_;  ///< answered when the store behind goes
  std::uint64_t next_ = 1;
  QueueStatus last_status_;
  std::function<void(const QueueStatus&)> told_;
  runtime::LoopTimer again_;
  std::thread opener_;
};

}  // namespace exitgate::daemon
