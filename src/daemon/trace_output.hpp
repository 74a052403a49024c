// Turns a recording into text or into a file of the state folder, on a thread of its own: a full one takes a good part
// of a second.
//
// Ownership: the caller's; the destructor gives up what is under way and waits for it (milliseconds). Thread: called
// and calling back on the loop's. Errors: busy (one at a time), trace_empty, trace_too_large. Bounds: kTextBytesAtMost
// of text; of files the newest kFilesKept, numbered, for a clock may be wrong.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "trace/dump.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::daemon {

class TraceOutput {
 public:
  static constexpr std::size_t kTextBytesAtMost = std::size_t{60} << 20U;
  static constexpr std::size_t kFilesKept = 3;

  TraceOutput(boost::asio::io_context& loop, std::filesystem::path folder);
  ~TraceOutput();
  TraceOutput(const TraceOutput&) = delete;
  TraceOutput& operator=(const TraceOutput&) = delete;

  void text(trace::Recording recording, trace::Origin origin, std::function<void(Result<std::string>)> done);
  /// trace-000001.jsonl and so on; `done` is given the path.
  void file(trace::Recording recording, trace::Origin origin, std::function<void(Result<std::string>)> done);

 private:
  using Work = std::function<Result<std::string>()>;
  void begin(const trace::Recording& recording, Work work, std::function<void(Result<std::string>)> done);
  [[nodiscard]] Result<std::string> write_text(const trace::Recording& recording, const trace::Origin& origin) const;
  [[nodiscard]] Result<std::string> write_file(const trace::Recording& recording, const trace::Origin& origin) const;

  boost::asio::io_context& loop_;
  std::filesystem::path folder_;
  std::thread thread_;
  bool busy_ = false;
  std::atomic<bool> ending_{false};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace exitgate::daemon
