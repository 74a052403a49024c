// Writes log lines on a thread of its own: whoever logs never waits for whoever reads the log.
//
// Ownership: `write` and all it uses must live as long as this. Thread: push() and flush() from any; `write` is called
// on the writer's own, one line at a time, and may block there. Errors: none; what finds no room is dropped and
// counted, and the count is written where the lines would have stood. Timing: the destructor waits for what is queued,
// so a process that must end whatever its reader does leaks its writer and calls flush() with a bound.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mono_time.hpp"
#include "runtime/journal.hpp"

namespace exitgate::runtime {

struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};

class LogWriter {
 public:
  LogWriter(std::function<void(const LogLine&)> write, std::size_t lines_most);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void push(LogLine line);
  /// Waits until all is written, at most `within`; false: it is not.
  bool flush(Duration within);

 private:
  struct Entry {
    LogLine line;
    std::uint64_t dropped_before = 0;
  };

  void run();

  std::function<void(const LogLine&)> write_;
  std::size_t lines_most_;
  std::mutex mutex_;
  std::condition_variable pushed_;
  std::condition_variable written_;
  std::deque<Entry> waiting_;
  std::uint64_t dropped_ = 0;  ///< since the last line that found room
  bool writing_ = false;
  bool ending_ = false;
  std::thread thread_;  ///< last: it uses all the others
};

}  // namespace exitgate::runtime
