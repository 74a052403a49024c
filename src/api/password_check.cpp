#include "api/password_check.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "api/users.hpp"

namespace exitgate::api {
namespace {

constexpr std::size_t kMaxWaiting = 8;

struct Job {
  std::string password;
  std::string hash;
  std::function<void(bool)> done;
};

}  // namespace

struct PasswordCheck::Worker {
  explicit Worker(boost::asio::io_context& loop) : io(loop), thread([this] { run(); }) {}

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [this] { return stopping || !waiting.empty(); });
      if (stopping) return;
      Job job = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      const bool matches = password_matches(job.password, job.hash);
      boost::asio::post(io, [done = std::move(job.done), matches] { done(matches); });
      lock.lock();
    }
  }

  boost::asio::io_context& io;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> waiting;
  bool stopping = false;
  std::thread thread;
};

PasswordCheck::PasswordCheck(boost::asio::io_context& io) : worker_(std::make_unique<Worker>(io)) {}

PasswordCheck::~PasswordCheck() {
  {
    const std::lock_guard lock(worker_->mutex);
    worker_->stopping = true;
  }
  worker_->wake.notify_one();
  worker_->thread.join();
}

bool PasswordCheck::check(std::string password, std::string hash, std::function<void(bool)> done) {
  {
    const std::lock_guard lock(worker_->mutex);
    if (worker_->waiting.size() >= kMaxWaiting) return false;
    worker_->waiting.push_back({std::move(password), std::move(hash), std::move(done)});
  }
  worker_->wake.notify_one();
  return true;
}

}  // namespace exitgate::api
