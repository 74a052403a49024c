// Whether the backend is online (backend contract): three no-answers in a row, or no connection for 5 s, make it
// offline; any valid answer or stream event makes it online. A value; pure.
#pragma once

#include "core/wake.hpp"

namespace exitgate {

class BackendLiveness {
 public:
  explicit BackendLiveness(const Now& start) : unconnected_since_(start.mono), since_(start.wall) {}

  void answered(const Now& now) {
    set_online(true, now);
    no_answers_ = 0;
  }
  void no_answer(const Now& now) {
    if (++no_answers_ >= kNoAnswers) set_online(false, now);
  }
  void connected(bool yes, const Now& now) {
    if (yes) unconnected_since_.reset();
    if (!yes && !unconnected_since_) unconnected_since_ = now.mono;
  }
  void update(Wake& wake) {
    if (online_ && wake.past(unconnected_since_, kUnconnected)) set_online(false, wake.now());
  }
  [[nodiscard]] bool online() const { return online_; }
  [[nodiscard]] WallTime since() const { return since_; }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.online_, self.no_answers_, self.unconnected_since_, self.since_);
  }

 private:
  static constexpr int kNoAnswers = 3;
  static constexpr Duration kUnconnected = std::chrono::seconds{5};
  void set_online(bool online, const Now& now) {
    if (online && !online_) no_answers_ = 0;
    // An answer that came without a connection being told of is still proof of one.
    if (online && unconnected_since_) unconnected_since_ = now.mono;
    if (online == online_) return;
    online_ = online;
    since_ = now.wall;
  }

  bool online_ = true;  // until 5 s without connection say otherwise
  int no_answers_ = 0;
  std::optional<MonoTime> unconnected_since_;
  WallTime since_{};
};

}  // namespace exitgate
