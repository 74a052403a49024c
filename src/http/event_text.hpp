// Text of server-sent events (WHATWG HTML, section 9.2), written and read. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace exitgate::http {

struct ServerSentEvent {
  std::string id;     ///< the last id seen, also when this event has none of its own
  std::string event;  ///< "message" when the stream names none
  std::string data;
  friend bool operator==(const ServerSentEvent&, const ServerSentEvent&) = default;
};

/// Empty id or event are left out; data is split into lines.
[[nodiscard]] std::string event_text(std::string_view id, std::string_view event, std::string_view data);

/// Takes the text in pieces of any size.
class EventTextReader {
 public:
  explicit EventTextReader(std::size_t max_event_bytes = 1048576) : max_event_bytes_(max_event_bytes) {}
  /// The events completed by this piece. Events beyond the bound are dropped.
  [[nodiscard]] std::vector<ServerSentEvent> feed(std::string_view piece);

 private:
  void line(std::string_view text, std::vector<ServerSentEvent>& events);

  std::size_t max_event_bytes_;
  std::string pending_;
  std::string last_id_;
  std::string event_;
  std::string data_;
  bool has_data_ = false;
  bool oversize_ = false;
  bool after_cr_ = false;
};

}  // namespace exitgate::http
