// Incremental parser of text/event-stream (WHATWG HTML Living Standard, section 9.2.6 "Interpreting an event stream").
// Pure.
//
// Bytes go in as they come from the socket, in pieces of any size; complete events come out. Lines end in LF, CR or
// CRLF; a leading byte order mark, comments and unknown fields are skipped; `data` lines are joined with LF; `id`
// sticks until the next one, `retry` is read and left to the caller. Two deviations: an event with a name but no data
// is told (keepalive and reset need none), and an `id` with a control character or over 256 bytes is ignored, since it
// must go back as an HTTP header. Bounds: a line and an event's data 64 KiB each; what is longer is skipped to its end
// and told as `oversize`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exitgate {

inline constexpr std::size_t kStreamEventBytesMax = 64 * 1024;
inline constexpr std::size_t kStreamIdBytesMax = 256;

struct ServerSentEvent {
  std::string type;  ///< empty: "message"
  std::string data;
  std::string id;         ///< the last id seen, this event's or an earlier one's
  bool oversize = false;  ///< its data was over the bound and is not here
};

class EventStreamParser {
 public:
  /// `last_event_id`: the cursor the stream was resumed from.
  explicit EventStreamParser(std::string last_event_id = {}) : last_event_id_(std::move(last_event_id)) {}

  /// Takes the next bytes; returns the events they complete, in order.
  [[nodiscard]] std::vector<ServerSentEvent> feed(std::string_view bytes);
  /// Complete lines seen so far, comments and blank ones included: a sign of life.
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  /// As of the last complete event.
  [[nodiscard]] const std::string& last_event_id() const { return last_event_id_; }
  [[nodiscard]] std::optional<std::uint32_t> retry_ms() const { return retry_ms_; }

 private:
  void end_line(std::vector<ServerSentEvent>& events);
  void take_field(std::string_view name, std::string_view value);
  void dispatch(std::vector<ServerSentEvent>& events);

  std::string line_;
  bool line_oversize_ = false;
  bool after_cr_ = false;
  std::uint64_t lines_ = 0;

  std::string type_;
  std::string data_;
  bool has_data_ = false;
  bool oversize_ = false;
  std::string id_ = {};
  bool has_id_ = false;
  std::string last_event_id_;
  std::optional<std::uint32_t> retry_ms_;
};

}  // namespace exitgate
