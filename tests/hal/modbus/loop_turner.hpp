// Turns an io_context in a test until a condition holds.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>

#include "peer_model.hpp"

namespace exitgate::hal {

class LoopTurner {
 public:
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  [[nodiscard]] bool until(const std::function<bool()>& condition, Duration bound = milliseconds{10000}) {
    const MonoTime end = test_now() + bound;
    while (!condition()) {
      if (test_now() >= end) return false;
      context_.run_one_for(milliseconds{2});
    }
    return true;
  }
  void run_for(Duration time) {
    (void)until([] { return false; }, time);
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
};

}  // namespace exitgate::hal
