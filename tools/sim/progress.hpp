// One line on a terminal while seeds run: how far, how fast, how long still. Nothing where standard error is no
// terminal. Ownership: has a thread of its own, which ends with it. Threads: begin of a seed and its end by any worker.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace exitgate::sim {

/// How far the seeds are.
struct Standing {
  std::uint64_t seeds = 1;
  std::uint64_t over = 0;  ///< of them
  double part = 0;         ///< of the work, 0 … 1; seeds that run count by their exits
  std::int64_t exits = 0;
  double seconds = 0;
};

[[nodiscard]] std::string progress_line(const Standing& standing);

class Progress {
 public:
  /// `what`: put before the line. `workers` seeds run at a time.
  Progress(std::string what, std::uint64_t seeds, int exits_of_each, std::size_t workers);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Where the seed that this worker runs counts its exits (Options::exits_so_far).
  [[nodiscard]] std::atomic<std::int64_t>* exits_of(std::size_t worker) { return &running_[worker].exits; }
  /// It has ended.
  void seed_over(std::size_t worker, std::int64_t exits);
  [[nodiscard]] Standing standing() const;
  [[nodiscard]] double seconds() const;

 private:
  /// Apart from each other in memory: each is written after every turn of a run.
  struct alignas(64) Running {
    std::atomic<std::int64_t> exits{0};
  };
  void show_until_over();
  void show() const;

  std::string what_;
  std::uint64_t seeds_;
  int exits_of_each_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::vector<Running> running_;
  mutable std::mutex guard_;  ///< of what follows
  std::condition_variable ends_;
  std::uint64_t over_ = 0;
  std::int64_t exits_over_ = 0;
  bool all_over_ = false;
  std::thread shows_;
};

}  // namespace exitgate::sim
