// The switches that make the reference backend slow, wrong, down or forgetful. A value; what each does is said here,
// the interfaces that obey are GateApi and ClosureStreams. The admin interface itself is never affected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace exitgate::reference {

struct Faults {
  std::int64_t confirm_delay_ms = 0;  ///< confirms are decided at once and answered that much later
  std::int64_t answer_delay_ms = 0;   ///< every answer goes out that much later (added to the above)
  bool down = false;                  ///< not listening, all connections closed
  bool freeze = false;                ///< connections are accepted, requests neither handled nor answered
  std::int64_t confirm_status = 0;    ///< confirms are not decided but answered with this status; 0: off
  bool garbage = false;               ///< handled, then answered 200 with a body that is no JSON
  bool half_answers = false;          ///< handled, then the connection is closed in the middle of the body
  bool forget_replies = false;        ///< receipts are stored, then the connection is closed without an answer
  bool forget_confirms = false;       ///< the same for confirms: a claim may stand that no gate heard of
  bool reject_receipts = false;       ///< every receipt is `rejected` and not stored
  std::int64_t upload_status = 0;     ///< receipts are not stored but answered with this status; 0: off
  std::string retry_after;            ///< the Retry-After header of upload_status; empty: none
  bool stream_cut = false;            ///< closures streams are closed, and new ones at once
  bool stream_silent = false;         ///< closures streams stay open and say nothing, not even keepalive
  bool reset_as_204 = false;          ///< an unknown Last-Event-ID is answered 204 instead of with a reset event
  std::int64_t date_offset_s = 0;     ///< added to the Date of every answer
  friend bool operator==(const Faults&, const Faults&) = default;
};

/// `current` with the members of the object in `body` changed; {"clear":true} sets all back first.
/// Errors: not_json, malformed (an unknown switch, or a wrong type).
[[nodiscard]] Result<Faults> change_faults(const Faults& current, std::string_view body);
[[nodiscard]] std::string faults_json(const Faults& faults);

}  // namespace exitgate::reference
