#include "api/command_body.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace exitgate::api {
namespace json = boost::json;
namespace {

constexpr std::array<std::string_view, 7> kVerbs{"open",       "hold-open", "release-hold", "out-of-service",
                                                 "in-service", "reset",     "mode"};
constexpr std::size_t kMaxBy = 100;
constexpr std::size_t kMaxReason = 500;

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// A member that must be there, a string, not blank, without control characters, and at most `max` bytes.
Result<std::string> required_text(const json::object& object, const char* name, std::size_t max) {
  const std::string quoted = std::string("\"") + name + '"';
  const auto* const value = object.if_contains(name);
  const auto* const text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return fail("bad_request", quoted + " is missing or no string");
  const std::string_view view(text->data(), text->size());
  if (view.find_first_not_of(' ') == std::string_view::npos) return fail("bad_request", quoted + " is empty");
  if (view.size() > max) return fail("bad_request", quoted + " is longer than " + std::to_string(max) + " bytes");
  if (!is_plain(view)) return fail("bad_request", quoted + " holds a control character");
  return std::string(view);
}

}  // namespace

std::string_view to_string(StaffVerb verb) { return kVerbs.at(static_cast<std::size_t>(verb)); }

std::optional<StaffVerb> parse_staff_verb(std::string_view text) {
  const auto* found = std::find(kVerbs.begin(), kVerbs.end(), text);
  if (found == kVerbs.end()) return std::nullopt;
  return static_cast<StaffVerb>(found - kVerbs.begin());
}

Result<StaffCommand> parse_command(std::string_view body, std::optional<LaneId> lane, std::string user) {
  boost::system::error_code error;
  const auto parsed = json::parse({body.data(), body.size()}, error);
  if (error) return fail("bad_request", "The body is no JSON: " + error.message());
  const auto* const object = parsed.if_object();
  if (object == nullptr) return fail("bad_request", "The body must be a JSON object");
  StaffCommand command;
  const auto verb_text = required_text(*object, "command", 32);
  if (!verb_text) return fail(verb_text.error());
  const auto verb = parse_staff_verb(*verb_text);
  if (!verb) {
    return fail("bad_request", "There is no command \"" + *verb_text +
                                   "\"; open, hold-open, release-hold, out-of-service, in-service, reset or mode");
  }
  command.verb = *verb;
  auto by = required_text(*object, "by", kMaxBy);
  if (!by) return fail(by.error());
  auto reason = required_text(*object, "reason", kMaxReason);
  if (!reason) return fail(reason.error());
  if (command.verb == StaffVerb::kMode) {
    const auto mode = required_text(*object, "mode", 32);
    if (!mode) return fail(mode.error());
    command.mode = parse_lane_mode(*mode);
    if (!command.mode) return fail("bad_request", "There is no mode \"" + *mode + "\"; cart, walkout or mixed");
  }
  command.lane = lane;
  command.by = std::move(*by);
  command.reason = std::move(*reason);
  command.user = std::move(user);
  return command;
}

}  // namespace exitgate::api
