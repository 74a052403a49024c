#include "core/offline_policy.hpp"

#include <algorithm>

namespace exitgate {
namespace {

constexpr std::chrono::hours kWindow{1};

}  // namespace

OfflinePolicy::OfflinePolicy(const OfflinePolicyConfig& config, const LoadedState& state, const Now& start)
    : config_(config),
      exits_(state.offline_exits.begin(), state.offline_exits.end()),
      last_heard_(state.last_valid_answer.value_or(start.wall)) {}

void OfflinePolicy::heard(const Now& now) { last_heard_ = now.wall; }

std::int64_t OfflinePolicy::amount(const std::optional<Money>& total) const {
  return total ? total->amount_minor : config_.assumed_total_minor;
}

bool OfflinePolicy::admits(bool cart, LaneMode lane_mode, const std::optional<Money>& total, const Now& now) const {
  if (storage_full_) return false;
  if (cart ? !config_.admit_carts : !config_.admit_walkouts) return false;
  if (!cart && lane_mode == LaneMode::kMixed && !config_.admit_mixed_walkouts) return false;
  const auto age = std::max(now.wall - last_heard_, milliseconds{0});
  if (age > std::chrono::minutes{config_.max_outage_minutes}) return false;
  int exits = 1;
  std::int64_t sum_minor = amount(total);
  for (const auto& exit : exits_) {
    // Exits dated in the future count: a clock that stepped back must not open the limit again.
    if (now.wall - exit.authorised_at > kWindow) continue;
    ++exits;
    sum_minor += amount(exit.total);
  }
  return exits <= config_.max_exits_per_hour && sum_minor <= config_.max_total_minor;
}

void OfflinePolicy::count(const std::optional<Money>& total, const Now& now) {
  std::erase_if(exits_, [&](const OfflineExit& exit) { return now.wall - exit.authorised_at > kWindow; });
  exits_.push_back({now.wall, total});
}

}  // namespace exitgate
