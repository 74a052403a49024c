// A thread that turns an io_context, and a folder of its own, for tests that speak to the rig's servers with
// blocking clients.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

namespace exitgate::rig::testing {

class RunningIo {
 public:
  /// Declare it after the servers: it stops before they go.
  explicit RunningIo(boost::asio::io_context& io) : io_(io), work_(io.get_executor()), thread_([this] { io_.run(); }) {}
  ~RunningIo() {
    work_.reset();
    io_.stop();
    thread_.join();
  }
  RunningIo(const RunningIo&) = delete;
  RunningIo& operator=(const RunningIo&) = delete;

  /// Runs `work` on the io thread and waits for it.
  template <class Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return done.get();
  }

 private:
  boost::asio::io_context& io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rigXXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace exitgate::rig::testing
