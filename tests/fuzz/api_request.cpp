// Requests to the control API: the reader on the whole and in pieces, targets, routes, command bodies, user lines.
#include <boost/json.hpp>
#include <string>
#include <vector>

#include "api/command_body.hpp"
#include "api/routes.hpp"
#include "api/users.hpp"
#include "fuzz_input.hpp"
#include "http/event_text.hpp"
#include "http/message_text.hpp"
#include "http/request_reader.hpp"
#include "http/request_target.hpp"

namespace exitgate::api {
namespace {

using fuzz::ByteSpan;
using Progress = http::RequestReader::Progress;

struct Read {
  Progress progress = Progress::kNeedMore;
  http::Request request;
  unsigned status = 0;
};

Read read_in_pieces(ByteSpan bytes, std::size_t longest) {
  http::RequestReader reader(2048, 1024);
  Read read;
  std::string pending;
  fuzz::in_pieces(bytes, 5, longest, [&](ByteSpan piece) {
    if (read.progress != Progress::kNeedMore) return;
    pending += fuzz::text_of(piece);
    read.progress = reader.feed(pending);
    (void)reader.take_expectation();
  });
  if (read.progress == Progress::kComplete) read.request = reader.take();
  if (read.progress == Progress::kRejected) {
    read.status = reader.rejection().status;
    EXITGATE_CHECK(read.status >= 400 && read.status < 600 && !reader.rejection().code.empty());
  }
  return read;
}

void check_reader(ByteSpan bytes) {
  const Read whole = read_in_pieces(bytes, bytes.size() + 1);
  for (const std::size_t longest : {1, 60}) {
    const Read pieces = read_in_pieces(bytes, longest);
    // What is no request may be refused earlier or later, but is none either way.
    EXITGATE_CHECK((pieces.progress == Progress::kComplete) == (whole.progress == Progress::kComplete));
    EXITGATE_CHECK(pieces.request.method == whole.request.method && pieces.request.target == whole.request.target);
    EXITGATE_CHECK(pieces.request.headers == whole.request.headers && pieces.request.body == whole.request.body);
  }
  EXITGATE_CHECK(whole.request.body.size() <= 1024);
  for (const auto& [name, value] : whole.request.headers) {
    EXITGATE_CHECK(name.find_first_of("\r\n") == std::string::npos && value.find_first_of("\r\n") == std::string::npos);
  }
}

void check_target(std::string_view text) {
  const auto target = http::parse_target(text);
  if (!target) return;
  for (const char c : target->path) EXITGATE_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  if (target->path != "*") EXITGATE_CHECK(target->path.starts_with('/'));
  std::string again;
  for (const char c : target->path) again += c == '/' ? "/" : http::percent_encode(std::string_view(&c, 1));
  for (std::size_t i = 0; i < target->query.size(); ++i) {
    const auto& [name, value] = target->query[i];
    again += (i == 0 ? '?' : '&') + http::percent_encode(name) + '=' + http::percent_encode(value);
  }
  if (target->path == "*") return;
  const auto read = http::parse_target(again);
  EXITGATE_CHECK(read && read->path == target->path && read->query == target->query);
  const auto route = match_route("POST", target->path);
  if (route.kind == RouteMatch::Kind::kFound) EXITGATE_CHECK(route.parameter.find('/') == std::string::npos);
}

void check_command(std::string_view body) {
  const auto command = parse_command(body, LaneId::of("1"), "uid:0");
  if (!command) {
    EXITGATE_CHECK(command.error().code == "bad_request");
    return;
  }
  boost::json::object object{
      {"command", std::string(to_string(command->verb))}, {"by", command->by}, {"reason", command->reason}};
  if (command->mode) object["mode"] = std::string(to_string(*command->mode));
  const auto again = parse_command(boost::json::serialize(object), LaneId::of("1"), "uid:0");
  EXITGATE_CHECK(again && again->verb == command->verb && again->mode == command->mode);
  EXITGATE_CHECK(again->by == command->by && again->reason == command->reason);
  EXITGATE_CHECK(command->by.size() <= 100 && command->reason.size() <= 500);
}

/// What was sent comes back in messages: no text of it may forge a header or break the JSON around it.
void check_answer(std::string_view text) {
  const auto response = http::error_response(400, "bad_request", text);
  boost::json::error_code error;
  boost::json::parse_options options;
  options.allow_invalid_utf8 = true;
  EXITGATE_CHECK(boost::json::parse(response.body, error, {}, options).is_object() && !error);
  http::Response forged = response;
  forged.headers.emplace_back("X-Told", std::string(text));
  const std::string answer = http::answer_text(forged, {}, "now");
  const auto end = answer.find("\r\n\r\n");
  std::size_t lines = 1;
  for (std::size_t at = answer.find("\r\n"); at < end; at = answer.find("\r\n", at + 2)) ++lines;
  EXITGATE_CHECK(lines == 5 && answer.substr(end + 4) == response.body);
}

void check_event_text(std::string_view text) {
  http::EventTextReader reader;
  const auto events = reader.feed(http::event_text("7", "alarm", text));
  EXITGATE_CHECK(events.size() == 1 && events[0].event == "alarm" && events[0].id == "7");
  http::EventTextReader whole(200);
  http::EventTextReader pieces(200);
  const auto of_whole = whole.feed(text);
  std::vector<http::ServerSentEvent> of_pieces;
  fuzz::in_pieces({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, 2, 5, [&](ByteSpan piece) {
    for (auto& event : pieces.feed(fuzz::text_of(piece))) of_pieces.push_back(std::move(event));
  });
  EXITGATE_CHECK(of_whole == of_pieces);
}

void check_users(std::string_view text) {
  const auto users = parse_users(text);
  if (!users) EXITGATE_CHECK(users.error().code == "users_file");
  if (users) {
    for (const auto& user : *users) EXITGATE_CHECK(ShortId::parse(user.name).has_value());
  }
  (void)parse_basic(text);
}

}  // namespace
}  // namespace exitgate::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exitgate;
  fuzz::Input input({data, size});
  const std::uint8_t part = input.byte();
  const fuzz::ByteSpan rest = input.rest();
  const std::string_view text = fuzz::text_of(rest);
  switch (part % 8) {
    case 0:
      api::check_target(text);
      break;
    case 1:
      api::check_command(text);
      break;
    case 2:
      api::check_answer(text);
      break;
    case 3:
      api::check_event_text(text);
      break;
    case 4:
      api::check_users(text);
      break;
    default:
      api::check_reader(rest);
  }
  return 0;
}
