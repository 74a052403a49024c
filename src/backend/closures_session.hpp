// The closures stream without its socket: what to ask for, what came, when to come again. Pure; tested in virtual time.
//
// An event this gate does not know, or cannot read, is passed over but moves the cursor, or it would come again for
// ever.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/backoff.hpp"
#include "backend/event_stream_parser.hpp"
#include "backend/link_timing.hpp"
#include "base/mono_time.hpp"
#include "core/backend_messages.hpp"

namespace exitgate {

struct DeliverEvent {
  StreamEvent event;
  std::string id;
};
struct ReportProtocolError {
  std::string detail;
};
struct ReportRefusal {
  std::string detail;
};
/// The connection has done its work: close it and come again at reconnect_at().
struct LeaveStream {};
using StreamOutput = std::variant<DeliverEvent, ReportProtocolError, ReportRefusal, LeaveStream>;
using StreamOutputs = std::vector<StreamOutput>;

class ClosuresSession {
 public:
  ClosuresSession(const BackendTiming& timing, std::string last_event_id);

  /// Goes as Last-Event-ID; empty: none.
  [[nodiscard]] const std::string& cursor() const { return cursor_; }
  [[nodiscard]] bool connected() const { return phase_ != Phase::kAway; }
  /// The backend has begun to stream; until ended().
  [[nodiscard]] bool streaming() const { return phase_ == Phase::kStreaming; }
  /// While away: when to connect. Else: when the silence is too long and the connection is given up.
  [[nodiscard]] MonoTime deadline() const { return deadline_; }

  /// A connection is being made.
  void connecting(MonoTime now);
  /// The status line and headers of the answer.
  [[nodiscard]] StreamOutputs head(int http_status, std::string_view content_type, MonoTime now);
  /// Bytes of the body. Of an answer that is no stream they are kept (4 KiB) for ended() to judge.
  [[nodiscard]] StreamOutputs body(std::string_view bytes, MonoTime now);
  /// The connection or the answer ended, or its silence did: back off.
  [[nodiscard]] StreamOutputs ended(MonoTime now);
  /// The backend is there again: do not wait out the back-off.
  void backend_returned(MonoTime now);

 private:
  enum class Phase : std::uint8_t { kAway, kConnecting, kStreaming, kRefused };
  void take(const ServerSentEvent& event, StreamOutputs& out);

  BackendTiming timing_;
  Backoff backoff_;
  Phase phase_ = Phase::kAway;
  std::string cursor_;
  EventStreamParser parser_;
  MonoTime deadline_{MonoTime::min()};
  int refused_status_ = 0;
  std::string refused_body_;
};

}  // namespace exitgate
