#include <algorithm>

#include "config/store_config.hpp"

namespace exitgate::config {

bool taken_lane_by_lane(const StoreConfig& running, const StoreConfig& next) {
  auto same_lane = [](const LaneConfig& a, const LaneConfig& b) { return a.id == b.id && a.receiver == b.receiver; };
  return running.devices == next.devices && running.points == next.points && running.backend == next.backend &&
         running.api == next.api && running.receipts == next.receipts && running.clock_trust == next.clock_trust &&
         running.gate.store_id == next.gate.store_id && running.gate.gate_id == next.gate.gate_id &&
         std::equal(running.gate.lanes.begin(), running.gate.lanes.end(), next.gate.lanes.begin(),
                    next.gate.lanes.end(), same_lane);
}

}  // namespace exitgate::config
