#include "tools/sim/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <sstream>

namespace exitgate::sim {

std::string progress_line(const Standing& standing) {
  constexpr int kWidth = 20;  // the whole line fits into 80 columns
  const auto full = static_cast<std::size_t>(std::clamp(standing.part, 0.0, 1.0) * kWidth);
  std::ostringstream line;
  line << std::fixed << std::setprecision(0) << "[" << std::string(full, '#') << std::string(kWidth - full, '.') << "] "
       << standing.over << " of " << standing.seeds << (standing.seeds == 1 ? " seed, " : " seeds, ") << standing.exits
       << " exits";
  if (standing.seconds > 0) line << ", " << static_cast<double>(standing.exits) / standing.seconds << " exits/s";
  if (standing.part > 0) line << ", " << standing.seconds * (1 - standing.part) / standing.part << " s left";
  return line.str();
}

Progress::Progress(std::string what, std::uint64_t seeds, int exits_of_each, std::size_t workers)
    : what_(std::move(what)), seeds_(seeds), exits_of_each_(exits_of_each), running_(workers) {
  if (isatty(STDERR_FILENO) != 0) shows_ = std::thread([this] { show_until_over(); });
}

Progress::~Progress() {
  if (!shows_.joinable()) return;
  {
    const std::lock_guard lock(guard_);
    all_over_ = true;
  }
  ends_.notify_all();
  shows_.join();
}

void Progress::seed_over(std::size_t worker, std::int64_t exits) {
  const std::lock_guard lock(guard_);
  running_[worker].exits = 0;
  ++over_;
  exits_over_ += exits;
}

Standing Progress::standing() const {
  const std::lock_guard lock(guard_);
  Standing standing{.seeds = seeds_, .over = over_, .part = 0, .exits = exits_over_, .seconds = seconds()};
  auto seeds = static_cast<double>(over_);
  for (const auto& each : running_) {
    const auto exits = each.exits.load(std::memory_order_relaxed);
    standing.exits += exits;
    // With its exits a seed is not over yet: the calm follows.
    seeds += std::min(static_cast<double>(exits) / exits_of_each_, 1.0);
  }
  standing.part = std::min(seeds / static_cast<double>(seeds_), 1.0);
  return standing;
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

void Progress::show_until_over() {
  constexpr std::chrono::milliseconds kEvery{200};
  std::unique_lock lock(guard_);
  while (!ends_.wait_for(lock, kEvery, [this] { return all_over_; })) {
    lock.unlock();
    show();
    lock.lock();
  }
  lock.unlock();
  show();
  std::fputc('\n', stderr);
}

void Progress::show() const {
  constexpr const char* kEraseRest = "\033[K";
  std::fprintf(stderr, "\r%s%s%s", what_.c_str(), progress_line(standing()).c_str(), kEraseRest);
  std::fflush(stderr);
}

}  // namespace exitgate::sim
