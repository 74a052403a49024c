#include "backend/event_stream_parser.hpp"

#include <algorithm>

namespace exitgate {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool fits_a_header(std::string_view id) {
  return id.size() <= kStreamIdBytesMax &&
         std::none_of(id.begin(), id.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::vector<ServerSentEvent> EventStreamParser::feed(std::string_view bytes) {
  std::vector<ServerSentEvent> events;
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + end > kStreamEventBytesMax) {
      line_oversize_ = true;
      // Enough of it is kept to know which field it was.
      if (line_.size() < 16) line_.append(bytes.substr(0, 16 - line_.size()));
    } else if (!line_oversize_) {
      line_.append(bytes.substr(0, end));
    }
    if (end == bytes.size()) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(events);
  }
  return events;
}

void EventStreamParser::end_line(std::vector<ServerSentEvent>& events) {
  std::string_view line = line_;
  if (lines_++ == 0 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  const std::size_t colon = line.find(':');
  if (line_oversize_) {
    // An oversize comment or unknown field takes nothing from the event.
    if (line.starts_with("data:")) oversize_ = true;
  } else if (line.empty()) {
    dispatch(events);
  } else if (colon == std::string_view::npos) {
    take_field(line, {});
  } else if (colon > 0) {
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
  }
  line_.clear();
  line_oversize_ = false;
}

void EventStreamParser::take_field(std::string_view name, std::string_view value) {
  if (name == "event") {
    type_ = value.substr(0, 64);
  } else if (name == "data") {
    if (data_.size() + value.size() + 1 > kStreamEventBytesMax) {
      oversize_ = true;
      return;
    }
    if (has_data_) data_.push_back('\n');
    data_.append(value);
    has_data_ = true;
  } else if (name == "id" && fits_a_header(value)) {
    id_ = value;
    has_id_ = true;
  } else if (name == "retry" && !value.empty() && value.size() <= 9 &&
             value.find_first_not_of("0123456789") == std::string_view::npos) {
    retry_ms_ = static_cast<std::uint32_t>(std::stoul(std::string(value)));
  }
}

void EventStreamParser::dispatch(std::vector<ServerSentEvent>& events) {
  if (has_id_) last_event_id_ = id_;
  if (has_data_ || oversize_ || !type_.empty()) {
    events.push_back({.type = std::move(type_),
                      .data = oversize_ ? std::string{} : std::move(data_),
                      .id = last_event_id_,
                      .oversize = oversize_});
  }
  type_.clear();
  data_.clear();
  id_.clear();
  has_data_ = has_id_ = oversize_ = false;
}

}  // namespace exitgate
