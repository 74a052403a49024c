#include "runtime/log_writer.hpp"

namespace exitgate::runtime {
namespace {

LogLine notice_of(std::uint64_t dropped) {
  return {.level = LogLevel::kWarning,
          .message = "log: " + std::to_string(dropped) +
                     " lines were dropped here, for nobody read the log; see what reads it (journald, or whoever "
                     "holds the other end of stderr)",
          .fields = {}};
}

}  // namespace

LogWriter::LogWriter(std::function<void(const LogLine&)> write, std::size_t lines_most)
    : write_(std::move(write)), lines_most_(lines_most), thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  pushed_.notify_one();
  thread_.join();
}

void LogWriter::push(LogLine line) {
  {
    const std::lock_guard lock(mutex_);
    // The oldest stay: they tell how the trouble began.
    if (waiting_.size() >= lines_most_) {
      ++dropped_;
      return;
    }
    waiting_.push_back({std::move(line), std::exchange(dropped_, 0)});
  }
  pushed_.notify_one();
}

bool LogWriter::flush(Duration within) {
  std::unique_lock lock(mutex_);
  return written_.wait_for(lock, within, [this] { return waiting_.empty() && dropped_ == 0 && !writing_; });
}

void LogWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    pushed_.wait(lock, [this] { return !waiting_.empty() || dropped_ > 0 || ending_; });
    if (waiting_.empty() && dropped_ == 0) return;
    Entry entry;
    if (waiting_.empty()) {
      entry.dropped_before = std::exchange(dropped_, 0);
    } else {
      entry = std::move(waiting_.front());
      waiting_.pop_front();
    }
    writing_ = true;
    lock.unlock();
    if (entry.dropped_before > 0) write_(notice_of(entry.dropped_before));
    if (!entry.line.message.empty()) write_(entry.line);
    lock.lock();
    writing_ = false;
    written_.notify_all();
  }
}

}  // namespace exitgate::runtime
