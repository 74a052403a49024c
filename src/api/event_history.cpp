#include "api/event_history.hpp"

#include <charconv>

#include "api/api_json.hpp"
#include "http/event_text.hpp"

namespace exitgate::api {

const std::string& EventHistory::add(const PublicEvent& event) {
  const std::string id = run_ + '-' + std::to_string(++added_);
  texts_.push_back(http::event_text(id, to_string(event.type), event_json(event)));
  if (texts_.size() > capacity_) texts_.pop_front();
  return texts_.back();
}

EventHistory::Missed EventHistory::since(std::string_view last_id) const {
  const auto dash = last_id.rfind('-');
  const bool this_run = dash != std::string_view::npos && last_id.substr(0, dash) == run_;
  std::uint64_t last = 0;
  bool known = false;
  if (this_run) {
    const auto digits = last_id.substr(dash + 1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), last);
    known = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size() && last <= added_;
  }
  if (!known) last = 0;
  const std::uint64_t first_kept = added_ - texts_.size() + 1;
  Missed missed;
  missed.gap = !known || last + 1 < first_kept;
  for (std::uint64_t number = std::max(last + 1, first_kept); number <= added_; ++number) {
    missed.texts.emplace_back(texts_[static_cast<std::size_t>(number - first_kept)]);
  }
  return missed;
}

}  // namespace exitgate::api
