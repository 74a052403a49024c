#include "backend/credentials_watch.hpp"

#include <algorithm>

namespace exitgate {

bool CredentialsWatch::refused(BackendChannel channel, const std::string& detail, MonoTime now) {
  auto& refusal = standing_[static_cast<std::size_t>(channel)];
  const bool news = !refusal || refusal->detail != detail;
  refusal = Refusal{detail, now};
  return news;
}

bool CredentialsWatch::accepted(BackendChannel channel, MonoTime now) {
  bool removed = false;
  for (std::size_t i = 0; i < standing_.size(); ++i) {
    auto& refusal = standing_[i];
    if (!refusal) continue;
    const bool forgotten = i == static_cast<std::size_t>(BackendChannel::kConfirm) && refusal->last + memory_ <= now;
    if (i != static_cast<std::size_t>(channel) && !forgotten) continue;
    refusal.reset();
    removed = true;
  }
  return removed && std::none_of(standing_.begin(), standing_.end(), [](const auto& r) { return r.has_value(); });
}

}  // namespace exitgate
