// Checks passwords on a thread of its own: scrypt takes longer than the loop may be held.
// Ownership: the caller's; the destructor waits for the check under way (tens of milliseconds). Thread: called and
// calling back on the loop's. Bound: 8 checks wait; check() refuses more.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace exitgate::api {

class PasswordCheck {
 public:
  explicit PasswordCheck(boost::asio::io_context& io);
  ~PasswordCheck();
  PasswordCheck(const PasswordCheck&) = delete;
  PasswordCheck& operator=(const PasswordCheck&) = delete;

  /// False when too many wait: `done` is not called then.
  [[nodiscard]] bool check(std::string password, std::string hash, std::function<void(bool matches)> done);

 private:
  struct Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace exitgate::api
