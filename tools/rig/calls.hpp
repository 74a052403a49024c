// Calls to one HTTP peer (the reference backend's admin side, the daemon's control API) from a thread of their own, one
// after the other, so that the model never waits for them.
// Ownership: the io_context must outlive it. Thread: call() and the answers on the io_context's thread.
// Errors: unreachable and the like from the client; refused when the status is not 2xx. Bounded: 1000 calls wait at
// most.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::rig {

class Calls {
 public:
  using Answer = std::function<void(const Result<std::string>& body)>;

  /// `address`: "unix:PATH", "tcp:HOST:PORT" or "HOST:PORT".
  [[nodiscard]] static Result<std::unique_ptr<Calls>> to(boost::asio::io_context& io, const std::string& address);
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  void get(const std::string& target, Answer answer);
  void post(const std::string& target, const std::string& json, Answer answer);
  /// Asked and not answered yet.
  [[nodiscard]] std::size_t pending() const;

 private:
  struct Worker;
  explicit Calls(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace exitgate::rig
