// What the air and the wire of a box do now. Values.
#pragma once

namespace exitgate::sim {

struct Weather {
  // --- the wire ---
  bool backend_down = false;
  bool silent = false;     ///< while down: nothing is refused, nothing answers
  double answer_lost = 0;  ///< its connection breaks or hangs, before or after the backend took the question
  double answer_late = 0;
  double answer_wrong = 0;    ///< an error status, half a body, no JSON
  double answer_doubled = 0;  ///< told twice
  double upload_reply_lost = 0;
  double upload_busy = 0;
  double stream_doubled = 0;
  double stream_breaks = 0;  ///< within an event
  bool stream_slow = false;
  // --- the air ---
  double beacon_lost = 0;
  bool cross_talk = false;
};

}  // namespace exitgate::sim
