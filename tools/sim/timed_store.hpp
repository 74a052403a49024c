// The receipt store of a simulated box: an Outbox behind a worker, as SqliteReceiptStore has it, on virtual time: what
// waits when the worker turns is committed together, the log is moved into the database when nobody waits, the reserve
// file comes back when there is room.
//
// Ownership: owns the outbox; agenda, dice and disk outlive it. Destroying it is the end of the process: what is not
// answered stays so. Thread: one; callbacks run from the agenda. Errors: the outbox's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ports/receipt_store.hpp"
#include "receipts/idle_work.hpp"
#include "receipts/ordered_writes.hpp"
#include "receipts/outbox.hpp"
#include "tools/sim/agenda.hpp"
#include "tools/sim/dice.hpp"
#include "tools/sim/faulty_disk.hpp"

namespace exitgate::sim {

class TimedStore final : public ReceiptStore {
 public:
  /// `slow`: whether the disk takes its time now.
  TimedStore(Agenda& agenda, Dice& dice, Outbox outbox, std::function<bool()> slow);

  void submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) override;
  void next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) override;
  void record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) override;
  void retry(const Uuid& receipt_id, std::function<void(Status)> done) override;
  void list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) override;
  void get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) override;
  [[nodiscard]] QueueStatus queue_status() const override { return shown_; }
  void on_queue_change(std::function<void(const QueueStatus&)> told) override { told_ = std::move(told); }
  void housekeep(WallTime now);

  /// The process ends within what the worker does now, or would do next, at a place that is drawn. Gives what was being
  /// written: it is on the disk as a whole or not at all. The store answers nothing any more.
  [[nodiscard]] std::vector<OutboxWrite> die_within(FaultyDisk& disk);

 private:
  struct Write {
    SubmittedWrite submitted;
    std::function<void(Status)> done;
  };
  void write(OutboxWrite what, std::function<void(Status)> done);
  template <class Answer>
  void ask(std::function<Answer(Outbox&)> question, std::function<void(Answer)> done);
  void wake();
  void turn();
  void commit();
  void look_after();
  [[nodiscard]] IdleWork::State state() const { return {outbox_.wal_pages(), outbox_.queue_status().storage_low}; }
  void do_for_itself(const IdleWork::Due& due);
  void show();
  void later(Duration span, void (TimedStore::*what)());

  Agenda& agenda_;
  Dice& dice_;
  Outbox outbox_;
  std::function<bool()> slow_;
  std::function<void(const QueueStatus&)> told_;
  QueueStatus shown_;
  std::vector<Write> waiting_;
  std::vector<Write> in_flight_;
  std::vector<std::function<void()>> tasks_;
  OrderedWrites ordered_;
  bool busy_ = false;
  bool looks_after_ = false;
  IdleWork idle_work_;
  MonoTime idle_since_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace exitgate::sim
