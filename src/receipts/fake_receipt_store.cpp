#include "receipts/fake_receipt_store.hpp"

#include <algorithm>

namespace exitgate {

void FakeReceiptStore::later(std::function<void()> answer) {
  // Answers keep their order even when the latency was made shorter in between.
  const auto due = waiting_.empty() ? now_ + latency_ : std::max(now_ + latency_, waiting_.back().due);
  waiting_.push_back({due, std::move(answer)});
}

void FakeReceiptStore::run_until(MonoTime now) {
  while (!waiting_.empty() && waiting_.front().due <= now) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    now_ = std::max(now_, next.due);
    next.answer();
  }
  now_ = std::max(now_, now);
}

void FakeReceiptStore::finish(const std::function<void(Status)>& done, Status status) {
  const auto before = shown_;
  shown_ = durable_.queue_status();
  shown_.storage_low = low_;
  if (done) done(std::move(status));
  if (before != shown_ && told_) told_(shown_);
}

void FakeReceiptStore::set_storage_low(bool low) {
  low_ = low;
  finish({}, {});
}

void FakeReceiptStore::submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) {
  later([this, transaction = std::move(transaction), done = std::move(done)] {
    Status status = failing_ ? Status(fail(*failing_)) : durable_.apply(transaction);
    if (status) transactions_.push_back(transaction);
    finish(done, std::move(status));
  });
}

void FakeReceiptStore::record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) {
  later([this, outcome = std::move(outcome), done = std::move(done)] {
    finish(done, failing_ ? Status(fail(*failing_)) : durable_.record_outcome(outcome));
  });
}

void FakeReceiptStore::retry(const Uuid& receipt_id, std::function<void(Status)> done) {
  later([this, receipt_id, done = std::move(done)] {
    finish(done, failing_ ? Status(fail(*failing_)) : durable_.retry(receipt_id));
  });
}

template <class T>
Result<T> FakeReceiptStore::read(const std::function<Result<T>()>& question) const {
  if (failing_reads_) return fail(*failing_reads_);
  return question();
}

void FakeReceiptStore::next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) {
  later([this, limit, done = std::move(done)] {
    auto answer = read<std::vector<StoredReceipt>>([&] { return durable_.next_queued(limit); });
    if (done) done(std::move(answer));
  });
}

void FakeReceiptStore::list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) {
  later([this, query = std::move(query), done = std::move(done)] {
    auto answer = read<ReceiptPage>([&] { return durable_.list(query); });
    if (done) done(std::move(answer));
  });
}

void FakeReceiptStore::get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) {
  later([this, receipt_id, done = std::move(done)] {
    auto answer = read<StoredReceipt>([&] { return durable_.get(receipt_id); });
    if (done) done(std::move(answer));
  });
}

}  // namespace exitgate
