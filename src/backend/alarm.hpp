// One deadline on the loop, on the monotonic clock. Setting it anew forgets the one before; none comes after
// destruction.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "base/mono_time.hpp"

namespace exitgate {

/// The adapters' clock; the pure parts are given its readings.
[[nodiscard]] inline MonoTime steady_now() {
  return MonoTime{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

class Alarm {
 public:
  explicit Alarm(boost::asio::io_context& loop) : timer_(loop) {}

  /// kNever: none.
  void at(MonoTime deadline, std::function<void()> ring) {
    cancel();
    if (deadline == kNever) return;
    const MonoTime reachable = std::max(deadline, steady_now());
    timer_.expires_at(std::chrono::steady_clock::time_point(reachable.time_since_epoch()));
    auto armed = std::make_shared<std::function<void()>>(std::move(ring));
    armed_ = armed;
    timer_.async_wait([weak = std::weak_ptr(armed)](const boost::system::error_code& error) {
      // The owner may set the alarm anew, or be gone, after this.
      if (const auto alive = weak.lock(); alive && !error) (*alive)();
    });
  }
  void cancel() {
    armed_.reset();
    timer_.cancel();
  }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<std::function<void()>> armed_;
};

}  // namespace exitgate
