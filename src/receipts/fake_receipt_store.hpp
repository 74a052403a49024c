// A ReceiptStore in memory for tests and simulation, on virtual time: what is asked is answered when run_until()
// reaches its time, in order. Failures are scripted. Ownership: the caller's. Thread: one; callbacks run inside
// run_until().
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "base/mono_time.hpp"
#include "ports/receipt_store.hpp"
#include "receipts/memory_outbox.hpp"

namespace exitgate {

class FakeReceiptStore final : public ReceiptStore {
 public:
  explicit FakeReceiptStore(const Uuid& chain_id = Uuid{{1}}, Duration latency = milliseconds{2})
      : durable_(chain_id), latency_(latency) {}

  void submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) override;
  void next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) override;
  void record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) override;
  void retry(const Uuid& receipt_id, std::function<void(Status)> done) override;
  void list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) override;
  void get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) override;
  [[nodiscard]] QueueStatus queue_status() const override { return shown_; }
  void on_queue_change(std::function<void(const QueueStatus&)> told) override { told_ = std::move(told); }

  /// Answers what is due, moving the time to `now`; also what the callbacks ask anew, if it is due by then.
  void run_until(MonoTime now);
  /// When the next answer is due; kNever if none is.
  [[nodiscard]] MonoTime next_due() const { return waiting_.empty() ? kNever : waiting_.front().due; }

  /// From now on everything takes this long.
  void set_latency(Duration latency) { latency_ = latency; }
  /// Writes fail with `error` from now on; nothing: they succeed again.
  void fail_writes(std::optional<Error> error) { failing_ = std::move(error); }
  void fail_reads(std::optional<Error> error) { failing_reads_ = std::move(error); }
  void set_storage_low(bool low);
  /// A power cut: what is not yet answered is lost, with its callbacks.
  void crash() { waiting_.clear(); }

  /// What is durable.
  [[nodiscard]] MemoryOutbox& outbox() { return durable_; }
  /// Transactions that succeeded, in order.
  [[nodiscard]] const std::vector<std::vector<StoreWrite>>& transactions() const { return transactions_; }

 private:
  struct Waiting {
    MonoTime due;
    std::function<void()> answer;
  };
  void later(std::function<void()> answer);
  /// The status is shown before the callback runs, and told after it.
  void finish(const std::function<void(Status)>& done, Status status);
  template <class T>
  Result<T> read(const std::function<Result<T>()>& question) const;

  MemoryOutbox durable_;
  Duration latency_;
  MonoTime now_ = MonoTime{};
  std::deque<Waiting> waiting_;
  std::optional<Error> failing_;
  std::optional<Error> failing_reads_;
  bool low_ = false;
  QueueStatus shown_;
  std::function<void(const QueueStatus&)> told_;
  std::vector<std::vector<StoreWrite>> transactions_;
};

}  // namespace exitgate
