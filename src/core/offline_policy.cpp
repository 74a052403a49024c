#include "core/offline_policy.hpp"

#include <algorithm>

namespace exitgate {
namespace {

constexpr std::chrono::hours kWindow{1};

MonoTime on_monotonic(WallTime at, const Now& now) {
  return now.mono - std::max<milliseconds>(now.wall - at, milliseconds{0});
}

}  // namespace

OfflinePolicy::OfflinePolicy(const OfflinePolicyConfig& config, const LoadedState& state, const Now& start)
    : config_(config),
      last_heard_(state.last_valid_answer.value_or(start.wall)),
      heard_at_(on_monotonic(last_heard_, start)) {
  for (const auto& exit : state.offline_exits) exits_.push_back({on_monotonic(exit.authorised_at, start), exit.total});
}

void OfflinePolicy::heard(const Now& now) {
  last_heard_ = now.wall;
  heard_at_ = now.mono;
}

std::int64_t OfflinePolicy::amount(const std::optional<Money>& total) const {
  return total ? total->amount_minor : config_.assumed_total_minor;
}

bool OfflinePolicy::admits(bool cart, LaneMode lane_mode, const std::optional<Money>& total, const Now& now) const {
  if (storage_full_) return false;
  if (cart ? !config_.admit_carts : !config_.admit_walkouts) return false;
  if (!cart && lane_mode == LaneMode::kMixed && !config_.admit_mixed_walkouts) return false;
  if (now.mono - heard_at_ > std::chrono::minutes{config_.max_outage_minutes}) return false;
  int exits = 1;
  std::int64_t sum_minor = amount(total);
  for (const auto& exit : exits_) {
    if (now.mono - exit.at > kWindow) continue;
    ++exits;
    sum_minor += amount(exit.total);
  }
  return exits <= config_.max_exits_per_hour && sum_minor <= config_.max_total_minor;
}

void OfflinePolicy::count(const std::optional<Money>& total, const Now& now) {
  std::erase_if(exits_, [&](const Exit& exit) { return now.mono - exit.at > kWindow; });
  exits_.push_back({now.mono, total});
}

}  // namespace exitgate
