#include "tools/sim/timed_store.hpp"

#include <algorithm>
#include <utility>

namespace exitgate::sim {
namespace {

constexpr Duration kReserveRetry = std::chrono::seconds{10};  // as by default in SqliteReceiptStore
/// More operations than most transactions have: beyond the last, the transaction is whole and nobody was told.
constexpr int kOperationsOfACommit = 12;
constexpr int kOperationsOfACheckpoint = 60;

}  // namespace

TimedStore::TimedStore(Agenda& agenda, Dice& dice, Outbox outbox, std::function<bool()> slow)
    : agenda_(agenda),
      dice_(dice),
      outbox_(std::move(outbox)),
      slow_(std::move(slow)),
      shown_(outbox_.queue_status()),
      idle_work_(kReserveRetry),
      idle_since_(agenda.now()) {
  look_after();
}

void TimedStore::later(Duration span, void (TimedStore::*what)()) {
  agenda_.in(span, [this, what, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) (this->*what)();
  });
}

void TimedStore::write(OutboxWrite what, std::function<void(Status)> done) {
  waiting_.push_back({{std::move(what), ordered_.refusals()}, std::move(done)});
  wake();
}

void TimedStore::wake() {
  if (busy_ || (waiting_.empty() && tasks_.empty())) return;
  busy_ = true;
  in_flight_ = std::exchange(waiting_, {});
  later(slow_() ? dice_.ms(100, 600) : dice_.ms(1, 8), &TimedStore::turn);
}

void TimedStore::turn() {
  if (!in_flight_.empty()) commit();
  // A callback may have ended the process.
  const auto alive = std::weak_ptr<bool>(alive_);
  if (!tasks_.empty()) {
    const auto task = std::move(tasks_.front());
    tasks_.erase(tasks_.begin());
    task();
    if (alive.expired()) return;
  }
  do_for_itself(idle_work_.after_work(state(), agenda_.now()));
  busy_ = false;
  idle_since_ = agenda_.now();
  wake();
  look_after();
}

void TimedStore::commit() {
  auto writes = std::exchange(in_flight_, {});
  std::vector<SubmittedWrite> submitted;
  for (auto& write : writes) submitted.push_back(std::move(write.submitted));
  auto results = ordered_.apply(outbox_, std::move(submitted));
  const auto before = std::exchange(shown_, outbox_.queue_status());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (writes[i].done) writes[i].done(std::move(results[i]));
  }
  if (before != shown_ && told_) told_(shown_);
}

void TimedStore::show() {
  const auto before = std::exchange(shown_, outbox_.queue_status());
  if (before != shown_ && told_) told_(shown_);
}

void TimedStore::do_for_itself(const IdleWork::Due& due) {
  if (due.checkpoint) (void)outbox_.checkpoint();
  if (!due.reserve) return;
  (void)outbox_.restore_reserve();
  show();
}

/// What the worker does when nobody waits; while it is busy the end of its turn looks again.
void TimedStore::look_after() {
  if (busy_ || looks_after_) return;
  const auto at = idle_work_.look_at(state(), idle_since_, agenda_.now());
  if (at == kNever) return;
  looks_after_ = true;
  agenda_.at(at, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    looks_after_ = false;
    if (busy_) return;
    const auto due = idle_work_.when_idle(state(), idle_since_, agenda_.now());
    if (due.checkpoint) idle_since_ = agenda_.now();
    do_for_itself(due);
    if (!alive.expired()) look_after();
  });
}

std::vector<OutboxWrite> TimedStore::die_within(FaultyDisk& disk) {
  std::vector<OutboxWrite> group;
  for (auto& write : in_flight_) {
    if (!ordered_.hold(write.submitted)) group.push_back(std::move(write.submitted.what));
  }
  disk.stop_after(dice_.between(0, group.empty() ? kOperationsOfACheckpoint : kOperationsOfACommit));
  if (!group.empty()) {
    (void)outbox_.apply_group(group);
  } else if (dice_.chance(0.3)) {
    (void)outbox_.checkpoint();
  }
  disk.stop_after(-1);
  alive_.reset();
  in_flight_.clear();
  waiting_.clear();
  tasks_.clear();
  return group;
}

void TimedStore::submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) {
  write(std::move(transaction), std::move(done));
}

void TimedStore::record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) {
  write(std::move(outcome), std::move(done));
}

void TimedStore::retry(const Uuid& receipt_id, std::function<void(Status)> done) {
  write(RetryReceipt{receipt_id}, std::move(done));
}

template <class Answer>
void TimedStore::ask(std::function<Answer(Outbox&)> question, std::function<void(Answer)> done) {
  tasks_.push_back([this, question = std::move(question), done = std::move(done)] {
    auto answer = question(outbox_);
    show();
    if (done) done(std::move(answer));
  });
  wake();
}

void TimedStore::next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) {
  ask<Result<std::vector<StoredReceipt>>>([limit](Outbox& outbox) { return outbox.next_queued(limit); },
                                          std::move(done));
}

void TimedStore::list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) {
  ask<Result<ReceiptPage>>([query = std::move(query)](Outbox& outbox) { return outbox.list(query); }, std::move(done));
}

void TimedStore::get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) {
  ask<Result<StoredReceipt>>([receipt_id](Outbox& outbox) { return outbox.get(receipt_id); }, std::move(done));
}

void TimedStore::housekeep(WallTime now) {
  ask<Result<bool>>([now](Outbox& outbox) { return outbox.housekeep(now); }, {});
}

}  // namespace exitgate::sim
