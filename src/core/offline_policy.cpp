#include "core/offline_policy.hpp"

#include <algorithm>

namespace exitgate {
namespace {

constexpr std::chrono::hours kWindow{1};

/// What seems to be in the future is new: a clock that stepped back must not open a limit again.
Duration age_at_start(WallTime at, const Now& start) { return std::max(start.judging - at, milliseconds{0}); }

/// A clock that was set back, or stood still through an outage for want of its own source of time, makes none younger.
Duration outage_at_start(const LastValidAnswer& last, const Now& start) {
  return std::max<Duration>(age_at_start(last.at, start), last.outage);
}

}  // namespace

OfflinePolicy::OfflinePolicy(const OfflinePolicyConfig& config, const LoadedState& state, const Now& start)
    : config_(config),
      last_heard_(state.last_valid_answer ? state.last_valid_answer->at : start.judging),
      heard_at_(start.mono -
                (state.last_valid_answer ? outage_at_start(*state.last_valid_answer, start) : Duration{})) {
  for (const auto& exit : state.offline_exits) {
    const auto age = exit.clock_synchronised ? age_at_start(exit.authorised_at, start) : Duration{0};
    exits_.push_back({start.mono - age, exit.total});
  }
}

void OfflinePolicy::heard(const Now& now) {
  last_heard_ = now.judging;
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

void OfflinePolicy::uncount(MonoTime at) {
  const auto found = std::find_if(exits_.begin(), exits_.end(), [&](const Exit& exit) { return exit.at == at; });
  if (found != exits_.end()) exits_.erase(found);
}

}  // namespace exitgate
