#include "daemon/reopening_store.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "runtime/clock.hpp"

namespace exitgate::daemon {
namespace {

constexpr Duration kOpenAgain = std::chrono::seconds{5};

Error being_opened() {
  return {"storage_io", "the receipt database is being opened again after damage: it is tried again by itself"};
}
template <class T>
const Error* error_of(const Result<T>& result) {
  return result ? nullptr : &result.error();
}

}  // namespace

ReopeningStore::ReopeningStore(boost::asio::io_context& loop, std::unique_ptr<SqliteReceiptStore> store, Open open,
                               Sinks sinks)
    : loop_(loop),
      open_(std::move(open)),
      sinks_(std::move(sinks)),
      store_(std::move(store)),
      alive_(std::make_shared<bool>(true)),
      again_(loop) {}

ReopeningStore::~ReopeningStore() {
  *alive_ = false;
  if (opener_.joinable()) opener_.join();
}

/// A callback that is run once: by the store, or with storage_io when the store goes before it answered.
template <class Answer>
std::function<void(Answer)> ReopeningStore::outstanding(std::function<void(Answer)> done) {
  const auto id = next_++;
  const auto kept = std::make_shared<std::function<void(Answer)>>(std::move(done));
  outstanding_.emplace(id, [kept](const Error& error) {
    if (*kept) (*kept)(Answer(fail(error)));
  });
  return [this, alive = alive_, kept, id](Answer answer) {
    if (!*alive || outstanding_.erase(id) == 0) return;
    const auto* error = error_of(answer);
    if (error != nullptr && error->code == "storage_damaged") {
      damaged(error->message);
      answer = fail(being_opened());
    }
    if (*kept) (*kept)(std::move(answer));
  };
}

void ReopeningStore::damaged(const std::string& why) {
  if (!store_) return;
  last_status_ = store_->queue_status();
  sinks_.damaged(why);
  // Not from within the store's own callback.
  boost::asio::post(loop_, [this, alive = alive_, closing = std::shared_ptr<SqliteReceiptStore>(std::move(store_))] {
    if (!*alive) return;
    for (auto& [id, failed] : std::exchange(outstanding_, {})) failed(being_opened());
    again_.arm(runtime::mono_now(), [this] { reopen(); });
  });
}

void ReopeningStore::reopen() {
  if (opener_.joinable()) opener_.join();
  opener_ = std::thread([this, alive = alive_, guard = boost::asio::make_work_guard(loop_)] {
    auto result = std::make_shared<Result<OpenedStore>>(open_());
    boost::asio::post(loop_, [this, alive, result] {
      if (*alive) opened(std::move(*result));
    });
  });
}

void ReopeningStore::opened(Result<OpenedStore> result) {
  if (!result) {
    again_.arm(runtime::mono_now() + kOpenAgain, [this] { reopen(); });
    return;
  }
  store_ = std::move(result->store);
  store_->on_queue_change(told_);
  sinks_.reopened(result->damage);
  if (told_) told_(store_->queue_status());
}

void ReopeningStore::submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) {
  auto once = outstanding(std::move(done));
  if (store_) return store_->submit(std::move(transaction), std::move(once));
  boost::asio::post(loop_, [once = std::move(once)] { once(fail(being_opened())); });
}

void ReopeningStore::next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) {
  auto once = outstanding(std::move(done));
  if (store_) return store_->next_queued(limit, std::move(once));
  boost::asio::post(loop_, [once = std::move(once)] { once(fail(being_opened())); });
}

void ReopeningStore::record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) {
  auto once = outstanding(std::move(done));
  if (store_) return store_->record_outcome(std::move(outcome), std::move(once));
  boost::asio::post(loop_, [once = std::move(once)] { once(fail(being_opened())); });
}

void ReopeningStore::retry(const Uuid& receipt_id, std::function<void(Status)> done) {
  auto once = outstanding(std::move(done));
  if (store_) return store_->retry(receipt_id, std::move(once));
  boost::asio::post(loop_, [once = std::move(once)] { once(fail(being_opened())); });
}

void ReopeningStore::list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) {
  auto once = outstanding(std::move(done));
  if (store_) return store_->list(std::move(query), std::move(once));
  boost::asio::post(loop_, [once = std::move(once)] { once(fail(being_opened())); });
}

void ReopeningStore::get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) {
  auto once = outstanding(std::move(done));
  if (store_) return store_->get(receipt_id, std::move(once));
  boost::asio::post(loop_, [once = std::move(once)] { once(fail(being_opened())); });
}

QueueStatus ReopeningStore::queue_status() const { return store_ ? store_->queue_status() : last_status_; }

void ReopeningStore::on_queue_change(std::function<void(const QueueStatus&)> told) {
  told_ = std::move(told);
  if (store_) store_->on_queue_change(told_);
}

void ReopeningStore::housekeep(WallTime now) {
  if (store_) store_->housekeep(now);
}

}  // namespace exitgate::daemon
