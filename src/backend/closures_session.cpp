#include "backend/closures_session.hpp"

#include "backend/confirm_codec.hpp"
#include "backend/stream_codec.hpp"

namespace exitgate {
namespace {

constexpr std::size_t kRefusedBodyBytesMax = 4096;
constexpr std::string_view kPassedOver = "; it was passed over: have the backend's events mended";

bool is_event_stream(std::string_view content_type) {
  constexpr std::string_view kExpected = "text/event-stream";
  if (content_type.size() < kExpected.size()) return false;
  for (std::size_t i = 0; i < kExpected.size(); ++i) {
    const char c = content_type[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kExpected[i]) return false;
  }
  const std::string_view rest = content_type.substr(kExpected.size());
  return rest.empty() || rest.front() == ';' || rest.front() == ' ';
}

}  // namespace

ClosuresSession::ClosuresSession(const BackendTiming& timing, std::string last_event_id)
    : timing_(timing), backoff_(timing.reconnect_first, timing.reconnect_longest), cursor_(std::move(last_event_id)) {}

void ClosuresSession::connecting(MonoTime now) {
  phase_ = Phase::kConnecting;
  parser_ = EventStreamParser(cursor_);
  deadline_ = now + timing_.silence;
}

StreamOutputs ClosuresSession::head(int http_status, std::string_view content_type, MonoTime now) {
  deadline_ = now + timing_.silence;
  if (http_status == 204) {
    cursor_.clear();
    return {DeliverEvent{Reset{}, {}}, LeaveStream{}};
  }
  if (http_status == 200 && is_event_stream(content_type)) {
    phase_ = Phase::kStreaming;
    return {};
  }
  if (http_status == 200) {
    return {ReportProtocolError{"the backend's closures are '" + std::string(content_type.substr(0, 80)) +
                                "', not text/event-stream; check what answers at the backend's URL"},
            LeaveStream{}};
  }
  phase_ = Phase::kRefused;
  refused_status_ = http_status;
  refused_body_.clear();
  return {};
}

StreamOutputs ClosuresSession::body(std::string_view bytes, MonoTime now) {
  StreamOutputs out;
  if (phase_ == Phase::kRefused) {
    refused_body_.append(bytes.substr(0, kRefusedBodyBytesMax - refused_body_.size()));
    return out;
  }
  if (phase_ != Phase::kStreaming) return out;
  const std::uint64_t lines_before = parser_.lines();
  for (const auto& event : parser_.feed(bytes)) {
    take(event, out);
    if (!out.empty() && std::holds_alternative<LeaveStream>(out.back())) return out;
  }
  // A line that never ends is silence too.
  if (parser_.lines() != lines_before) deadline_ = now + timing_.silence;
  cursor_ = parser_.last_event_id();
  return out;
}

void ClosuresSession::take(const ServerSentEvent& event, StreamOutputs& out) {
  if (event.oversize) {
    out.push_back(ReportProtocolError{"the backend sent an event '" + event.type + "' of over 64 KiB" +
                                      std::string(kPassedOver)});
    return;
  }
  auto decoded = decode_stream_event(event.type, event.data);
  if (!decoded) {
    out.push_back(ReportProtocolError{decoded.error().message + std::string(kPassedOver)});
    return;
  }
  if (!*decoded) return;
  if (std::holds_alternative<Reset>(**decoded)) {
    cursor_.clear();
    out.push_back(DeliverEvent{Reset{}, {}});
    out.push_back(LeaveStream{});
    return;
  }
  backoff_.reset();
  const bool keepalive = std::holds_alternative<Keepalive>(**decoded);
  out.push_back(DeliverEvent{std::move(**decoded), keepalive ? std::string{} : event.id});
}

StreamOutputs ClosuresSession::ended(MonoTime now) {
  StreamOutputs out;
  if (phase_ == Phase::kRefused) {
    const std::string answered = describe_status("the request for closures", refused_status_, refused_body_);
    if (refuses_credentials(refused_status_, refused_body_)) {
      out.push_back(ReportRefusal{answered});
    } else if (refused_status_ >= 400 && refused_status_ < 500 && refused_status_ != 408 && refused_status_ != 429) {
      out.push_back(ReportProtocolError{answered});
    }
  }
  phase_ = Phase::kAway;
  deadline_ = now + backoff_.next();
  return out;
}

void ClosuresSession::backend_returned(MonoTime now) {
  if (phase_ == Phase::kAway && deadline_ > now) deadline_ = now;
}

}  // namespace exitgate
