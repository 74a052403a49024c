// The session book's queues of walkouts that the store's tracking expects at a lane (lane contract §4).
#include <algorithm>

#include "core/session_book.hpp"

namespace exitgate {
namespace {

constexpr std::chrono::seconds kExpectedGoodFor{10};

}  // namespace

void SessionBook::load_expected(const ExpectedWalkout& entry, const Now& now) {
  // When it arrived is not known any more: by its own time it is never good for longer than it was.
  const auto left = std::min<milliseconds>(entry.at + kExpectedGoodFor - now.wall, kExpectedGoodFor);
  expected_[entry.lane_id].push_back({entry, now.mono + left});
}

MonoTime SessionBook::expected_until(const ExpectedWalkout& entry, const Now& now) {
  // `at` is wall time; what is measured from here on is not. A clock that is not right says nothing of it.
  const auto to_come = now.synchronised ? entry.at - now.wall : milliseconds{0};
  const auto ahead = std::clamp<milliseconds>(to_come, milliseconds{0}, std::chrono::hours{1});
  return now.mono + ahead + kExpectedGoodFor;
}

void SessionBook::on_expected(const ExpectedWalkout& expected, const Now& now, Writes& writes) {
  if (expected_.size() >= kMaxLanesExpected && !expected_.contains(expected.lane_id)) return;
  auto& queue = expected_[expected.lane_id];
  const bool known = std::any_of(queue.begin(), queue.end(), [&](const KeptExpected& kept) {
    return kept.entry.session_id == expected.session_id;
  });
  if (known) return;
  if (queue.size() >= kMaxExpectedPerLane) {
    writes.emplace_back(DropExpected{queue.front().entry.session_id, expected.lane_id});
    queue.pop_front();
  }
  queue.push_back({expected, expected_until(expected, now)});
  writes.emplace_back(PutExpected{expected});
}

std::optional<ExpectedWalkout> SessionBook::expected(const LaneId& lane, const Now& now, Writes& writes) {
  const auto found = expected_.find(lane);
  if (found == expected_.end()) return std::nullopt;
  tidy_expected(now, writes);
  for (const auto& kept : found->second) {
    const SessionName name{.session_id = kept.entry.session_id, .cart_id = {}, .session_tag = {}};
    if (revoked(name, now) || claimed_elsewhere(kept.entry.session_id, now) || !may_admit(name)) continue;
    return kept.entry;
  }
  return std::nullopt;
}

void SessionBook::take_expected(const ExpectedWalkout& entry, Writes& writes) {
  std::erase_if(expected_[entry.lane_id], [&](const KeptExpected& kept) {
    if (kept.entry.session_id != entry.session_id) return false;
    taken_until_[entry.session_id] = kept.until;
    return true;
  });
  writes.emplace_back(DropExpected{entry.session_id, entry.lane_id});
}

void SessionBook::return_expected(const ExpectedWalkout& entry, const Now& now, Writes& writes) {
  // Its ten seconds went on meanwhile.
  const auto until = taken_until_.find(entry.session_id);
  if (until == taken_until_.end() || now.mono > until->second) return;
  expected_[entry.lane_id].push_front({entry, until->second});
  writes.emplace_back(PutExpected{entry});
}

void SessionBook::tidy_expected(const Now& now, Writes& writes) {
  for (auto& [lane, queue] : expected_) {
    std::erase_if(queue, [&, &id = lane](const KeptExpected& kept) {
      const bool over = now.mono > kept.until || kept.entry.expires_at < now.judging;
      if (over) writes.emplace_back(DropExpected{kept.entry.session_id, id});
      return over;
    });
  }
  std::erase_if(taken_until_, [&](const auto& taken) { return now.mono > taken.second; });
}

}  // namespace exitgate
