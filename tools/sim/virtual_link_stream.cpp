// The closures stream over a virtual connection: text in pieces, broken off anywhere.
#include <algorithm>

#include "tools/sim/virtual_link.hpp"

namespace exitgate::sim {
namespace {

constexpr Duration kKeepaliveEvery = std::chrono::seconds{15};
/// So many events and more are told as fast as the line takes them, many at a time.
constexpr std::size_t kBacklog = 200;
constexpr int kToldAtOnce = 20;

}  // namespace

void VirtualLink::turn_stream() {
  const auto now = parts_.agenda.now();
  if (closures_->deadline() > now) {
    arm(stream_alarm_, closures_->deadline(), [this] { turn_stream(); });
    return;
  }
  if (closures_->connected()) return end_stream();  // it was silent for too long
  connect_stream();
}

void VirtualLink::connect_stream() {
  closures_->connecting(parts_.agenda.now());
  turn_stream();
  const auto stream = ++stream_;
  const auto cursor = closures_->cursor();
  later(parts_.weather.silent() ? kHandshakeAtMost : parts_.dice.ms(15, 90), [this, stream, cursor] {
    if (stream != stream_) return;
    if (parts_.weather.backend_down()) return end_stream();
    take(closures_->head(200, "text/event-stream", parts_.agenda.now()));
    stream_at_ = parts_.door.position(cursor);
    stream_stands_ = true;
    stream_busy_ = false;
    connection_stands();
    pump();
    keepalive(stream);
  });
}

void VirtualLink::end_stream() {
  ++stream_;
  if (std::exchange(stream_stands_, false)) connection_ended();
  take(closures_->ended(parts_.agenda.now()));
  turn_stream();
}

void VirtualLink::keepalive(std::uint64_t stream) {
  later(kKeepaliveEvery, [this, stream] {
    if (stream != stream_ || !stream_stands_) return;
    if (!stream_silent()) stream_text(StoreDoor::keepalive_text());
    keepalive(stream);
  });
}

void VirtualLink::pump() {
  // What waits in a silence is told when it ends, if the gate is still there.
  if (!stream_stands_ || stream_busy_ || stream_silent() || !parts_.door.next_event(stream_at_)) return;
  stream_busy_ = true;
  const auto span = parts_.weather.stream_slow ? parts_.dice.ms(500, 4000) : parts_.dice.ms(5, 60);
  later(span, [this, stream = stream_] {
    if (stream != stream_ || !stream_stands_) return;
    stream_busy_ = false;
    if (stream_silent() || !parts_.door.next_event(stream_at_)) return;
    const auto text = next_text();
    if (parts_.dice.chance(parts_.weather.stream_breaks)) {
      const auto half = static_cast<std::size_t>(parts_.dice.between(0, static_cast<int>(text.size()) - 1));
      stream_text(text.substr(0, half));
      return end_stream();
    }
    const bool twice = parts_.dice.chance(parts_.weather.stream_doubled);
    stream_text(text);
    if (twice && stream == stream_) stream_text(text);
    pump();
  });
}

std::string VirtualLink::next_text() {
  auto text = parts_.door.event_text(stream_at_++);
  for (int told = 1; told < kToldAtOnce && parts_.door.events_from(stream_at_) >= kBacklog; ++told) {
    if (parts_.door.next_event(stream_at_)) text += parts_.door.event_text(stream_at_++);
  }
  return text;
}

void VirtualLink::cut_stream() {
  if (stream_stands_) end_stream();
}

void VirtualLink::reset_stream() {
  if (!stream_stands_ || stream_silent()) return;
  const auto stream = stream_;
  stream_text(parts_.door.reset_text());
  // The reset ends the connection; a gate that stayed would be told nothing.
  if (stream == stream_) end_stream();
}

void VirtualLink::stream_text(const std::string& text) {
  const auto stream = stream_;
  // In two pieces, cut anywhere.
  const auto cut = static_cast<std::size_t>(parts_.dice.between(0, static_cast<int>(text.size())));
  for (const auto piece : {std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)}) {
    if (stream != stream_ || piece.empty()) continue;
    take(closures_->body(piece, parts_.agenda.now()));
  }
}

void VirtualLink::take(const StreamOutputs& outputs) {
  if (std::exchange(stream_told_, closures_->streaming()) != closures_->streaming())
    observer_->on_stream(closures_->streaming());
  for (const auto& output : outputs) {
    if (const auto* told = std::get_if<DeliverEvent>(&output)) {
      observer_->on_stream_event(told->event, told->id);
    } else if (const auto* wrong = std::get_if<ReportProtocolError>(&output)) {
      observer_->on_protocol_error(wrong->detail);
    } else if (std::holds_alternative<LeaveStream>(output)) {
      end_stream();
      return;
    }
  }
}

}  // namespace exitgate::sim
