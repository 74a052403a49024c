// The last public events as text, with ids that let a client resume. Pure.
// An id is "RUN-N": RUN tells this run of the daemon from others, N counts from 1 without a gap.
// Bounds: `capacity` events; the oldest go first, and a client that asks for what is gone is told that it missed some.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.hpp"

namespace exitgate::api {

class EventHistory {
 public:
  /// `run` must differ between runs; letters and digits.
  EventHistory(std::string run, std::size_t capacity) : run_(std::move(run)), capacity_(capacity) {}

  /// Keeps the event; returns its text for the wire.
  const std::string& add(const PublicEvent& event);

  struct Missed {
    std::vector<std::string_view> texts;  ///< valid until the next add()
    bool gap = false;                     ///< more was missed than is kept
  };
  /// What came after `last_id`. Of another run, or an id that is none: everything kept, with a gap.
  [[nodiscard]] Missed since(std::string_view last_id) const;

 private:
  std::string run_;
  std::size_t capacity_;
  std::uint64_t added_ = 0;
  std::deque<std::string> texts_;  ///< the newest is number added_
};

}  // namespace exitgate::api
