// One-shot timers on the loop, and the drainer's. Ownership: the caller's; the io_context outlives them. Thread: the
// loop's. Timing: CLOCK_MONOTONIC; a timer that is armed for the past fires in the next turn.
#pragma once

#include <functional>
#include <memory>

#include "base/mono_time.hpp"
#include "ports/drain_timer.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::runtime {

class LoopTimer final : public DrainTimer {
 public:
  explicit LoopTimer(boost::asio::io_context& loop);
  ~LoopTimer() override;

  [[nodiscard]] MonoTime now() const override;
  void arm(MonoTime at, std::function<void()> fire) override;
  void cancel() override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace exitgate::runtime
