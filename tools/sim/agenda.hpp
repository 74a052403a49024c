// Virtual time: what is to happen when, in a fixed order. Thread: one. Two things due at once happen in the order in
// which they were put down, so a seed always gives the same run.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::sim {

class Agenda {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] MonoTime now() const { return now_; }
  void at(MonoTime when, Action action) {
    heap_.push_back({std::max(when, now_), next_++, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end(), Later{});
  }
  void in(Duration span, Action action) { at(now_ + span, std::move(action)); }
  [[nodiscard]] MonoTime next() const { return heap_.empty() ? kNever : heap_.front().when; }
  void advance(MonoTime to) { now_ = std::max(now_, to); }
  /// Does the first thing; there must be one.
  void run_next() {
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    auto entry = std::move(heap_.back());
    heap_.pop_back();
    now_ = std::max(now_, entry.when);
    entry.action();
  }

 private:
  struct Entry {
    MonoTime when;
    std::uint64_t order;
    Action action;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };
  MonoTime now_{std::chrono::seconds{1000}};
  std::uint64_t next_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace exitgate::sim
