#include "receipts/sqlite_receipt_store.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "receipts/idle_work.hpp"
#include "receipts/ordered_writes.hpp"

namespace exitgate {
namespace {

namespace asio = boost::asio;
using LoopGuard = asio::executor_work_guard<asio::io_context::executor_type>;

MonoTime steady_now() {
  return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

struct Write {
  SubmittedWrite submitted;
  std::function<void(Status)> done;
  LoopGuard guard;
};
/// Runs on the worker and gives back what is to run on the loop.
struct Task {
  std::function<std::function<void()>(Outbox&)> run;
  LoopGuard guard;
};

}  // namespace

/// Shared with the callbacks that are on their way to the loop, so that they find out that the store is gone.
class SqliteReceiptStore::Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(asio::io_context& io, Outbox outbox, std::function<void(Duration)> committed, Duration reserve_retry)
      : io_(io),
        idle_work_(reserve_retry),
        outbox_(std::move(outbox)),
        committed_(std::move(committed)),
        shown_(outbox_.queue_status()) {}

  void start() {
    thread_ = std::thread([this] { turn(); });
  }

  /// On the loop's thread. What was handed over is still written.
  void stop() {
    open_ = false;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    // Closed now: callbacks still on their way to the loop keep this object, not the database.
    const Outbox closed = std::move(outbox_);
  }

  void write(OutboxWrite what, std::function<void(Status)> done) {
    {
      const std::lock_guard lock(mutex_);
      writes_.push_back({{std::move(what), refusals_heard_}, std::move(done), asio::make_work_guard(io_)});
    }
    wake_.notify_one();
  }

  template <class Answer>
  void ask(std::function<Answer(Outbox&)> question, std::function<void(Answer)> done) {
    auto run = [question = std::move(question), done = std::move(done)](Outbox& outbox) -> std::function<void()> {
      auto answer = std::make_shared<Answer>(question(outbox));
      return [done, answer] {
        if (done) done(std::move(*answer));
      };
    };
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back({std::move(run), asio::make_work_guard(io_)});
    }
    wake_.notify_one();
  }

  [[nodiscard]] const QueueStatus& shown() const { return shown_; }
  void on_queue_change(std::function<void(const QueueStatus&)> told) { told_ = std::move(told); }

  void housekeep(WallTime now) {
    auto self = weak_from_this();
    ask<Result<bool>>([now](Outbox& outbox) { return outbox.housekeep(now); },
                      [self, now](const Result<bool>& more) {
                        const auto worker = self.lock();
                        if (more && *more && worker && worker->open_) worker->housekeep(now);
                      });
  }

 private:
  void turn() {
    for (;;) {
      std::deque<Write> writes;
      std::optional<Task> task;
      {
        std::unique_lock lock(mutex_);
        if (!wait_for_work(lock)) return;
        writes.swap(writes_);
        if (!tasks_.empty()) {
          task.emplace(std::move(tasks_.front()));
          tasks_.pop_front();
        }
      }
      if (!writes.empty()) commit(std::move(writes));
      // One at a time: a submit that comes meanwhile goes first.
      if (task) to_loop(task->run(outbox_), std::move(task->guard));
      do_for_itself(idle_work_.after_work(state(), steady_now()));
    }
  }

  /// False: stopping, and nothing is left to do. Uses the time in which nobody waits.
  bool wait_for_work(std::unique_lock<std::mutex>& lock) {
    const auto work = [this] { return stopping_ || !writes_.empty() || !tasks_.empty(); };
    for (;;) {
      const auto idle_since = steady_now();
      const auto look_at = idle_work_.look_at(state(), idle_since, idle_since);
      if (look_at == kNever) {
        wake_.wait(lock, work);
      } else {
        wake_.wait_for(lock, look_at - idle_since, work);
      }
      if (work()) return !(stopping_ && writes_.empty() && tasks_.empty());
      lock.unlock();
      do_for_itself(idle_work_.when_idle(state(), idle_since, steady_now()));
      lock.lock();
    }
  }

  [[nodiscard]] IdleWork::State state() const { return {outbox_.wal_pages(), outbox_.queue_status().storage_low}; }

  void do_for_itself(const IdleWork::Due& due) {
    if (due.checkpoint) (void)outbox_.checkpoint();
    if (due.reserve && outbox_.restore_reserve()) to_loop([] {}, asio::make_work_guard(io_));
  }

  void commit(std::deque<Write> writes) {
    std::vector<SubmittedWrite> submitted;
    submitted.reserve(writes.size());
    for (auto& write : writes) submitted.push_back(std::move(write.submitted));
    const auto begun = std::chrono::steady_clock::now();
    auto results = ordered_.apply(outbox_, std::move(submitted));
    const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
    auto guard = asio::make_work_guard(io_);
    to_loop(
        [self = shared_from_this(), writes = std::move(writes), results = std::move(results), took,
         refusals = ordered_.refusals()]() mutable {
          self->refusals_heard_ = refusals;
          if (self->committed_) self->committed_(took);
          for (std::size_t i = 0; i < writes.size() && self->open_; ++i) {
            if (writes[i].done) writes[i].done(std::move(results[i]));
          }
        },
        std::move(guard));
  }

  /// The status is shown before the callback runs, and told after it.
  template <class Callback>
  void to_loop(Callback callback, LoopGuard guard) {
    auto carried = std::make_shared<Callback>(std::move(callback));
    asio::post(io_, [self = shared_from_this(), carried, guard = std::move(guard), status = outbox_.queue_status()] {
      if (!self->open_) return;
      const bool changed = self->shown_ != status;
      self->shown_ = status;
      (*carried)();
      if (changed && self->open_ && self->told_) self->told_(status);
    });
  }

  asio::io_context& io_;
  // The worker's own.
  IdleWork idle_work_;
  Outbox outbox_;
  OrderedWrites ordered_;
  // The loop's own.
  std::function<void(Duration)> committed_;
  std::function<void(const QueueStatus&)> told_;
  QueueStatus shown_;
  std::uint64_t refusals_heard_ = 0;
  bool open_ = true;
  // The mailbox.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Write> writes_;
  std::deque<Task> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

SqliteReceiptStore::SqliteReceiptStore(asio::io_context& io, Outbox outbox, std::function<void(Duration)> committed,
                                       Duration reserve_retry)
    : worker_(std::make_shared<Worker>(io, std::move(outbox), std::move(committed), reserve_retry)) {
  worker_->start();
}

SqliteReceiptStore::~SqliteReceiptStore() { worker_->stop(); }

void SqliteReceiptStore::submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) {
  worker_->write(std::move(transaction), std::move(done));
}

void SqliteReceiptStore::record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) {
  worker_->write(std::move(outcome), std::move(done));
}

void SqliteReceiptStore::retry(const Uuid& receipt_id, std::function<void(Status)> done) {
  worker_->write(RetryReceipt{receipt_id}, std::move(done));
}

void SqliteReceiptStore::next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) {
  worker_->ask<Result<std::vector<StoredReceipt>>>([limit](Outbox& outbox) { return outbox.next_queued(limit); },
                                                   std::move(done));
}

void SqliteReceiptStore::list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) {
  worker_->ask<Result<ReceiptPage>>([query = std::move(query)](Outbox& outbox) { return outbox.list(query); },
                                    std::move(done));
}

void SqliteReceiptStore::get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) {
  worker_->ask<Result<StoredReceipt>>([receipt_id](Outbox& outbox) { return outbox.get(receipt_id); }, std::move(done));
}

QueueStatus SqliteReceiptStore::queue_status() const { return worker_->shown(); }

void SqliteReceiptStore::on_queue_change(std::function<void(const QueueStatus&)> told) {
  worker_->on_queue_change(std::move(told));
}

void SqliteReceiptStore::housekeep(WallTime now) { worker_->housekeep(now); }

void SqliteReceiptStore::verify(std::function<void(Result<VerifyReport>)> done) {
  worker_->ask<Result<VerifyReport>>([](Outbox& outbox) { return outbox.verify(); }, std::move(done));
}

Result<OpenedStore> open_receipt_store(asio::io_context& io, StoreSettings settings) {
  std::array<std::uint8_t, 10> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return fail("storage_io", "the system gave no random numbers for a chain id");
  }
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  OutboxOptions options;
  options.path = settings.path;
  options.vfs = settings.vfs;
  options.now = wall_from_ms(now.time_since_epoch().count());
  options.fresh_chain_id = make_uuid_v7(options.now, random);
  options.max_queued = settings.max_queued;
  options.retention_days = settings.retention_days;
  options.reserve_bytes = settings.reserve_bytes;
  options.own_folder = settings.own_folder;
  auto opened = Outbox::open(options);
  if (!opened) return fail(opened.error());
  auto loaded = opened->outbox.load(options.now);
  if (!loaded) return fail(loaded.error());
  OpenedStore out;
  out.state = std::move(loaded->state);
  out.damage = std::move(opened->damage);
  out.damage.bad_rows.insert(out.damage.bad_rows.end(), loaded->bad_rows.begin(), loaded->bad_rows.end());
  out.store = std::make_unique<SqliteReceiptStore>(io, std::move(opened->outbox), std::move(settings.committed),
                                                   settings.reserve_retry);
  return out;
}

}  // namespace exitgate
