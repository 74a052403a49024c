// Who stands at which walkout lane. The store's own tracking knows; here it is told through the admin interface, in
// order of arrival. Pure, in memory. Bounds: 256 lanes, 64 arrivals each; the longest there goes first.
//
// A lane names its first waiting shopper. Once named to a gate at `present` or `admitted` the shopper is being let out
// and the next one is named, until the admission lapses or is sealed not_used, which puts the shopper back in place.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.hpp"

namespace exitgate::reference {

/// A lane of one gate; an empty gate_id is that lane at whichever gate asks.
struct LaneKey {
  ShortId gate_id;
  LaneId lane_id;
  friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
};

class WalkoutLanes {
 public:
  static constexpr std::size_t kMaxLanes = 256;
  static constexpr std::size_t kMaxArrivals = 64;

  void arrive(const LaneKey& lane, const Uuid& session);
  /// Gone from every lane: passed, or walked away.
  void leave(const Uuid& session);
  /// The shopper the lane is asking about; `named` is whom the gate believes to have let out. Nothing: nobody is known
  /// there.
  [[nodiscard]] std::optional<Uuid> standing(const LaneKey& lane, const std::optional<Uuid>& named) const;
  void being_let_out(const LaneKey& lane, const Uuid& session);
  void back_in_place(const Uuid& session);

 private:
  struct Arrival {
    Uuid session;
    bool waiting = true;
  };
  using Queue = std::deque<Arrival>;
  [[nodiscard]] const Queue* queue_for(const LaneKey& lane) const;

  std::map<LaneKey, Queue> lanes_;
};

}  // namespace exitgate::reference
