#include "tools/backend/closure_streams.hpp"

#include <charconv>
#include <utility>

namespace exitgate::reference {
namespace {

constexpr std::size_t kEventsAtOnce = 500;

}  // namespace

std::optional<StreamPosition> parse_position(std::string_view last_event_id) {
  const auto dot = last_event_id.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  StreamPosition position{std::string(last_event_id.substr(0, dot)), 0};
  const auto* end = last_event_id.data() + last_event_id.size();
  const auto parsed = std::from_chars(last_event_id.data() + dot + 1, end, position.number);
  if (parsed.ec != std::errc() || parsed.ptr != end || position.number < 0) return std::nullopt;
  return position;
}

std::string to_string(const StreamPosition& position) {
  return position.log_id + "." + std::to_string(position.number);
}

bool can_resume(const StreamPosition& position, const Database::LogRange& log) {
  return position.log_id == log.log_id && position.number >= log.forgotten && position.number <= log.newest;
}

ClosureStreams::ClosureStreams(StoreBackend& backend, const Faults& faults, milliseconds keepalive)
    : backend_(backend), faults_(faults), keepalive_(keepalive) {}

void ClosureStreams::open(const ShortId& gate, std::string_view last_event_id, const http::Responder& responder,
                          http::Headers headers, WallTime wall, MonoTime now) {
  if (faults_.stream_cut) return responder.abort();
  const auto log = backend_.log_range();
  Stream stream;
  stream.gate = gate;
  stream.fresh = last_event_id.empty();
  const auto position = stream.fresh ? StreamPosition{log.log_id, log.forgotten} : parse_position(last_event_id);
  const bool resumes = position && can_resume(*position, log);
  if (!resumes && faults_.reset_as_204) return responder.respond({204, "", std::move(headers), "", false});
  stream.events = responder.start_events({std::move(headers), milliseconds(0)});
  if (!resumes) {
    send_reset(stream.events, log.log_id);
    return stream.events.close();
  }
  stream.position = *position;
  // Something at once, so that the gate knows that the stream stands.
  if (!faults_.stream_silent) stream.events.send("", "keepalive", "{}");
  stream.last_sent = now;
  streams_.push_back(std::move(stream));
  feed(streams_.back(), log, wall, now);
}

void ClosureStreams::send_reset(const http::EventStream& events, const std::string& log_id) {
  events.send(to_string({log_id, 0}), "reset", "{}");
}

void ClosureStreams::feed(Stream& stream, const Database::LogRange& log, WallTime wall, MonoTime now) {
  if (faults_.stream_silent || !stream.events.open()) return;
  if (!can_resume(stream.position, log)) {
    send_reset(stream.events, log.log_id);
    return stream.events.close();
  }
  while (stream.position.number < log.newest) {
    const auto events = backend_.events_after(stream.position.number, stream.gate, kEventsAtOnce);
    for (const auto& event : events) {
      stream.position.number = event.number;
      if (stream.fresh && event.worth_until < wall) continue;
      if (!stream.events.send(to_string(stream.position), event.event, event.data)) return;
      stream.last_sent = now;
    }
    if (events.size() < kEventsAtOnce) stream.position.number = log.newest;
  }
  if (now - stream.last_sent >= keepalive_ * 3 / 4) {
    stream.events.send("", "keepalive", "{}");
    stream.last_sent = now;
  }
}

void ClosureStreams::pump(WallTime wall, MonoTime now) {
  if (faults_.stream_cut) return cut();
  const auto log = backend_.log_range();
  for (auto& stream : streams_) feed(stream, log, wall, now);
  std::erase_if(streams_, [](const Stream& stream) { return !stream.events.open(); });
}

void ClosureStreams::cut() {
  for (auto& stream : streams_) stream.events.abort();
  streams_.clear();
}

}  // namespace exitgate::reference
