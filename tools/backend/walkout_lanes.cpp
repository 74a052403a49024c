#include "tools/backend/walkout_lanes.hpp"

#include <algorithm>

namespace exitgate::reference {

void WalkoutLanes::arrive(const LaneKey& lane, const Uuid& session) {
  leave(session);
  if (!lanes_.contains(lane) && lanes_.size() >= kMaxLanes) return;
  auto& queue = lanes_[lane];
  if (queue.size() >= kMaxArrivals) queue.pop_front();
  queue.push_back({session, true});
}

void WalkoutLanes::leave(const Uuid& session) {
  for (auto& [lane, queue] : lanes_) {
    std::erase_if(queue, [&](const Arrival& arrival) { return arrival.session == session; });
  }
  std::erase_if(lanes_, [](const auto& entry) { return entry.second.empty(); });
}

const WalkoutLanes::Queue* WalkoutLanes::queue_for(const LaneKey& lane) const {
  auto found = lanes_.find(lane);
  if (found == lanes_.end()) found = lanes_.find({ShortId(), lane.lane_id});
  return found == lanes_.end() ? nullptr : &found->second;
}

std::optional<Uuid> WalkoutLanes::standing(const LaneKey& lane, const std::optional<Uuid>& named) const {
  const auto* queue = queue_for(lane);
  if (queue == nullptr) return named;
  const auto let_out = [&](const Arrival& arrival) { return named && arrival.session == *named && !arrival.waiting; };
  if (std::any_of(queue->begin(), queue->end(), let_out)) return named;
  const auto first = std::find_if(queue->begin(), queue->end(), [](const Arrival& arrival) { return arrival.waiting; });
  if (first != queue->end()) return first->session;
  // Nobody else came: it is still the last one, or the rest of that party.
  return named ? named : std::optional(queue->back().session);
}

void WalkoutLanes::being_let_out(const LaneKey& lane, const Uuid& session) {
  for (const auto& key : {lane, LaneKey{ShortId(), lane.lane_id}}) {
    const auto found = lanes_.find(key);
    if (found == lanes_.end()) continue;
    for (auto& arrival : found->second) {
      if (arrival.session == session) arrival.waiting = false;
    }
  }
}

void WalkoutLanes::back_in_place(const Uuid& session) {
  for (auto& [lane, queue] : lanes_) {
    for (auto& arrival : queue) {
      if (arrival.session == session) arrival.waiting = true;
    }
  }
}

}  // namespace exitgate::reference
