// What the air and the wire of a box do now. Values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace exitgate::sim {

/// How a backend is away.
enum class Outage : std::uint8_t {
  kNone,
  kRefuses,   ///< its machine is there and nobody listens: connections end at once
  kVanishes,  ///< packets are lost: nobody ends a connection but who gives it up
  kHangs,     ///< its process stands still: the connections stay, nothing is answered
};

struct Weather {
  // --- the wire ---
  Outage outage = Outage::kNone;
  double answer_lost = 0;  ///< its connection breaks or hangs, before or after the backend took the question
  double answer_late = 0;
  double answer_wrong = 0;    ///< an error status, half a body, no JSON
  double answer_doubled = 0;  ///< told twice
  double upload_reply_lost = 0;
  double upload_busy = 0;
  double upload_forbidden = 0;
  double upload_culprits = 0;      ///< this part of the receipts is not taken, alone or with others
  std::size_t upload_at_most = 0;  ///< receipts in a batch; 0: as many as come
  double stream_doubled = 0;
  double stream_breaks = 0;  ///< within an event
  bool stream_slow = false;
  // --- the air ---
  double beacon_lost = 0;
  bool cross_talk = false;

  [[nodiscard]] bool backend_down() const { return outage != Outage::kNone; }
  [[nodiscard]] bool refuses() const { return outage == Outage::kRefuses; }
  /// What is sent comes when this is over, if its connection still stands.
  [[nodiscard]] bool silent() const { return outage == Outage::kVanishes || outage == Outage::kHangs; }
};

}  // namespace exitgate::sim
