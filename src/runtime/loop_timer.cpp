#include "runtime/loop_timer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "runtime/clock.hpp"

namespace exitgate::runtime {

struct LoopTimer::Impl {
  explicit Impl(boost::asio::io_context& loop) : timer(loop) {}
  boost::asio::steady_timer timer;
  std::uint64_t armed = 0;  // a wait that was replaced after it had expired must not fire
};

LoopTimer::LoopTimer(boost::asio::io_context& loop) : impl_(std::make_shared<Impl>(loop)) {}
LoopTimer::~LoopTimer() { cancel(); }

MonoTime LoopTimer::now() const { return mono_now(); }

void LoopTimer::arm(MonoTime at, std::function<void()> fire) {
  const auto generation = ++impl_->armed;
  impl_->timer.expires_at(std::chrono::steady_clock::time_point{at.time_since_epoch()});
  impl_->timer.async_wait(
      [weak = std::weak_ptr<Impl>(impl_), generation, fire = std::move(fire)](boost::system::error_code failed) {
        const auto impl = weak.lock();
        if (!failed && impl && impl->armed == generation) fire();
      });
}

void LoopTimer::cancel() {
  ++impl_->armed;
  impl_->timer.cancel();
}

}  // namespace exitgate::runtime
