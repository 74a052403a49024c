#include "http/event_text.hpp"

#include <algorithm>

namespace exitgate::http {
namespace {

void add_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ");
  std::copy_if(value.begin(), value.end(), std::back_inserter(text), [](char c) { return c != '\r' && c != '\n'; });
  text += '\n';
}

}  // namespace

std::string event_text(std::string_view id, std::string_view event, std::string_view data) {
  std::string text;
  if (!id.empty()) add_field(text, "id", id);
  if (!event.empty()) add_field(text, "event", event);
  for (;;) {
    const auto end = data.find('\n');
    add_field(text, "data", data.substr(0, end));
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  text += '\n';
  return text;
}

std::vector<ServerSentEvent> EventTextReader::feed(std::string_view piece) {
  std::vector<ServerSentEvent> events;
  for (const char c : piece) {
    const bool second_half_of_crlf = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (second_half_of_crlf) continue;
    if (c == '\n' || c == '\r') {
      line(pending_, events);
      pending_.clear();
    } else if (pending_.size() + data_.size() < max_event_bytes_) {
      pending_ += c;
    } else {
      oversize_ = true;
    }
  }
  return events;
}

void EventTextReader::line(std::string_view text, std::vector<ServerSentEvent>& events) {
  if (text.empty()) {
    if (has_data_ && !oversize_) events.push_back({last_id_, event_.empty() ? "message" : event_, std::move(data_)});
    data_.clear();
    event_.clear();
    has_data_ = false;
    oversize_ = false;
    return;
  }
  const auto colon = std::min(text.find(':'), text.size());
  const auto name = text.substr(0, colon);
  auto value = colon == text.size() ? std::string_view{} : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) data_ += '\n';
    data_.append(value);
    has_data_ = true;
  } else if (name == "event") {
    event_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = value;
  }
}

}  // namespace exitgate::http
