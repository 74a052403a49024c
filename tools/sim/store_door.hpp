// The backend's side of the wire to one gate: bodies of HTTP requests in, bodies of answers out, the closures stream as
// text, by the backend contract. What it decides is the store model's. Ownership: refers to the store and the
// transmitters (for the pass keys). Thread: one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tools/sim/store_model.hpp"
#include "tools/sim/transmitters.hpp"
#include "tools/sim/weather.hpp"

namespace exitgate::sim {

struct HttpReply {
  int status = 200;
  std::string body;
  std::string retry_after;
};

class StoreDoor {
 public:
  StoreDoor(StoreModel& store, const Transmitters& transmitters, std::string gate)
      : store_(&store), transmitters_(&transmitters), gate_(std::move(gate)) {}

  [[nodiscard]] HttpReply confirm(std::string_view body, WallTime now);
  /// `twice` stores one of the receipts under a second number: a seeded bug of the backend's.
  [[nodiscard]] HttpReply receipts(std::string_view body, const Weather& weather, Dice& dice, bool twice);
  [[nodiscard]] HttpReply pass_keys() const;

  /// Where a stream with this Last-Event-ID goes on.
  [[nodiscard]] std::size_t position(std::string_view last_event_id) const;
  /// Whether there is an event for this gate at or after `position`, which it moves there.
  [[nodiscard]] bool next_event(std::size_t& position) const;
  [[nodiscard]] std::string event_text(std::size_t position) const;
  /// How many stand there at and after `position`, this gate's and others'.
  [[nodiscard]] std::size_t events_from(std::size_t position) const;
  [[nodiscard]] static std::string keepalive_text() { return "event: keepalive\n\n"; }
  /// The stream's log is gone: who comes without a position is told what still matters.
  [[nodiscard]] std::string reset_text();

 private:
  StoreModel* store_;
  const Transmitters* transmitters_;
  std::string gate_;
  std::size_t log_begins_ = 0;
};

}  // namespace exitgate::sim
