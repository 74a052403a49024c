#include "api/login_throttle.hpp"

#include <algorithm>

namespace exitgate::api {
namespace {

constexpr Duration kWindow = std::chrono::minutes(1);
constexpr std::size_t kFailuresAllowed = 5;
constexpr std::size_t kMaxAddresses = 256;

}  // namespace

std::optional<Duration> LoginThrottle::wait(const std::string& address, MonoTime now) {
  const auto found = failures_.find(address);
  if (found == failures_.end()) return std::nullopt;
  std::erase_if(found->second, [&](MonoTime at) { return now - at >= kWindow; });
  if (found->second.empty()) {
    failures_.erase(found);
    return std::nullopt;
  }
  if (found->second.size() < kFailuresAllowed) return std::nullopt;
  return kWindow - (now - found->second.front());
}

void LoginThrottle::failed(const std::string& address, MonoTime now) {
  auto& times = failures_[address];
  times.push_back(now);
  if (times.size() > kFailuresAllowed) times.erase(times.begin());
  if (failures_.size() <= kMaxAddresses) return;
  failures_.erase(std::min_element(failures_.begin(), failures_.end(),
                                   [](const auto& a, const auto& b) { return a.second.back() < b.second.back(); }));
}

}  // namespace exitgate::api
