// Slows down who guesses passwords. Pure.
// After 5 failures within a minute an address is refused until the minute is over. Bounds: 256 addresses; beyond them
// the one whose last failure is oldest is forgotten.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mono_time.hpp"

namespace exitgate::api {

class LoginThrottle {
 public:
  /// How long the address has to wait; nothing when it may try.
  [[nodiscard]] std::optional<Duration> wait(const std::string& address, MonoTime now);
  void failed(const std::string& address, MonoTime now);
  void succeeded(const std::string& address) { failures_.erase(address); }

 private:
  std::map<std::string, std::vector<MonoTime>> failures_;
};

}  // namespace exitgate::api
