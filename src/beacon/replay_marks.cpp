#include "beacon/replay_marks.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace exitgate::beacon {
namespace {

constexpr std::int64_t kTimeModulus = std::int64_t{1} << 24;
constexpr std::int64_t kReorderingS = 2;  // the same advert heard late over another receiver is no replay
constexpr std::int64_t kFloorSlackS = 30;

}  // namespace

std::int64_t expand_time(std::uint32_t time24, std::int64_t near_unix_s) {
  const std::int64_t ahead = ((std::int64_t{time24} - near_unix_s) % kTimeModulus + kTimeModulus) % kTimeModulus;
  return near_unix_s + (ahead >= kTimeModulus / 2 ? ahead - kTimeModulus : ahead);
}

std::int64_t frame_time(std::uint32_t time24, const ClockView& clock) {
  return expand_time(time24, unix_s(clock.synchronised ? clock.now : clock.judging));
}

void ReplayMarks::load(std::span<const ReplayMark> marks) {
  for (const auto& mark : marks) {
    auto& kept = marks_[mark.cart_id].newest_unix_s;
    kept = std::max(kept, mark.newest_unix_s);
  }
  while (marks_.size() > kMaxMarks) drop_oldest();
}

Freshness ReplayMarks::judge(CartId cart_id, std::int64_t sent_unix_s, const ClockView& clock) {
  const std::int64_t now_s = unix_s(clock.now);
  if (clock.synchronised) {
    if (std::abs(sent_unix_s - now_s) > max_age_s_) return Freshness::kStale;
  } else if (clock.floor && sent_unix_s < unix_s(*clock.floor) - kFloorSlackS) {
    return Freshness::kStale;
  }
  const auto found = marks_.find(cart_id);
  if (found == marks_.end()) return Freshness::kFresh;
  if (clock.synchronised && found->second.newest_unix_s > now_s + max_age_s_) {
    dropped_.push_back(cart_id);
    marks_.erase(found);
    return Freshness::kFresh;
  }
  return sent_unix_s < found->second.newest_unix_s - kReorderingS ? Freshness::kReplayed : Freshness::kFresh;
}

void ReplayMarks::accept(MonoTime now, CartId cart_id, std::int64_t sent_unix_s) {
  const auto [found, inserted] = marks_.try_emplace(cart_id, Mark{.newest_unix_s = sent_unix_s});
  auto& mark = found->second;
  if (!inserted && sent_unix_s <= mark.newest_unix_s) return;
  mark.newest_unix_s = sent_unix_s;
  if (!mark.dirty) {
    mark.dirty = true;
    dirty_.push_back(cart_id);
    if (due_ == kNever) due_ = now + kMarksDue;
  }
  if (marks_.size() > kMaxMarks) drop_oldest();
}

MarkChanges ReplayMarks::take_changes() {
  MarkChanges changes;
  changes.put.reserve(dirty_.size());
  for (const CartId cart_id : dirty_) {
    const auto found = marks_.find(cart_id);
    if (found == marks_.end() || !found->second.dirty) continue;
    found->second.dirty = false;
    changes.put.push_back({.cart_id = cart_id, .newest_unix_s = found->second.newest_unix_s});
  }
  for (const CartId cart_id : dropped_) {
    if (!marks_.contains(cart_id)) changes.drop.push_back(cart_id);
  }
  dirty_.clear();
  dropped_.clear();
  due_ = kNever;
  return changes;
}

void ReplayMarks::drop_oldest() {
  std::vector<std::pair<std::int64_t, CartId>> by_age;
  by_age.reserve(marks_.size());
  for (const auto& [cart_id, mark] : marks_) by_age.emplace_back(mark.newest_unix_s, cart_id);
  const auto end = by_age.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(by_age.size() / 8, 1));
  std::nth_element(by_age.begin(), end, by_age.end());
  for (auto it = by_age.begin(); it != end; ++it) {
    marks_.erase(it->second);
    dropped_.push_back(it->second);
  }
}

}  // namespace exitgate::beacon
