#include "api/answers.hpp"

#include <boost/asio/io_context.hpp>
#include <charconv>
#include <utility>

#include "api/api_json.hpp"
#include "api/command_body.hpp"

namespace exitgate::api {
namespace {

constexpr std::size_t kMaxStreams = 32;
constexpr std::size_t kMaxCommands = 64;
constexpr std::size_t kMaxPage = 1000;

http::Response json_response(std::string body, unsigned status = 200) {
  http::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

/// The HTTP status of an error of the gate or the store: 409 unless the code says more.
unsigned status_of(std::string_view code) {
  if (code == "bad_request" || code == "no_receiver" || code == "bad_config" || code == "invalid_query") return 400;
  if (code == "not_found" || code == "unknown_lane") return 404;
  if (code.starts_with("storage_") || code == "busy" || code == "trace_empty") return 503;
  return 409;
}

http::Response error_answer(const Error& error) {
  return http::error_response(status_of(error.code), error.code, error.message);
}

Result<ReceiptQuery> parse_receipt_query(const http::Request& request) {
  ReceiptQuery query;
  if (const auto state = request.parameter("state"); state && !state->empty()) {
    query.state = parse_state_name(*state);
    if (!query.state) return fail("bad_request", "\"state\" is open, queued, delivered or quarantined");
  }
  if (const auto after = request.parameter("after"); after && !after->empty()) query.after = std::string(*after);
  if (const auto limit = request.parameter("limit"); limit && !limit->empty()) {
    const auto parsed = std::from_chars(limit->data(), limit->data() + limit->size(), query.limit);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == limit->data() + limit->size();
    if (!whole || query.limit < 1 || query.limit > kMaxPage) return fail("bad_request", "\"limit\" is 1 to 1000");
  }
  return query;
}

}  // namespace

/// A command that waits for its effect. Whoever comes first, the gate or the bound, answers.
struct Answers::PendingCommand {
  PendingCommand(boost::asio::io_context& io, http::Responder responder_, bool all_)
      : responder(std::move(responder_)), bound(io), all(all_) {}
  http::Responder responder;
  boost::asio::steady_timer bound;
  bool all;
  bool answered = false;

  void finish(const CommandOutcome& outcome) {
    bound.cancel();
    if (!outcome.status) {
      const Error& error = outcome.status.error();
      if (!all) return responder.respond(error_answer(error));
      return responder.respond(json_response(refused_lanes_json(error, outcome.lanes), status_of(error.code)));
    }
    if (all) return responder.respond(json_response(lanes_json(outcome.lanes)));
    if (outcome.lanes.empty()) return responder.respond(http::error_response(500, "internal", "The gate gave no lane"));
    responder.respond(json_response(lane_json(outcome.lanes.front())));
  }
};

Answers::Answers(boost::asio::io_context& io, GateControl& gate, ReceiptStore& receipts, Metrics& metrics,
                 EventHistory& history, const ApiSettings& settings)
    : io_(io), gate_(gate), store_(receipts), metrics_(metrics), history_(history), settings_(settings) {}

void Answers::answer(const RouteMatch& route, const http::Request& request, const std::string& user,
                     const http::Responder& responder) {
  switch (route.action) {
    case Action::kStatus:
      return responder.respond(json_response(status_json(gate_.status())));
    case Action::kLane:
      return lane(route.parameter, responder);
    case Action::kCommand:
      return command(route.parameter, request, user, responder);
    case Action::kEvents:
      return events(request, responder);
    case Action::kReceipts:
      return receipts(request, responder);
    case Action::kReceipt:
      return receipt(route.parameter, responder);
    case Action::kRetry:
      return retry(route.parameter, responder);
    case Action::kIo:
      return responder.respond(json_response(points_json(gate_.points())));
    case Action::kConfig:
      return responder.respond(json_response(gate_.config_json()));
    case Action::kReload:
      return reload(responder);
    case Action::kTrace:
      return trace(responder);
    case Action::kMetrics:
      return metrics(responder);
    case Action::kHealth:
      return health(responder);
  }
}

void Answers::lane(const std::string& id, const http::Responder& responder) {
  const auto parsed = LaneId::parse(id);
  const auto status = parsed ? gate_.lane(*parsed) : std::nullopt;
  if (!status) return responder.respond(http::error_response(404, "unknown_lane", "There is no lane " + id));
  responder.respond(json_response(lane_json(*status)));
}

void Answers::command(const std::string& lane, const http::Request& request, const std::string& user,
                      const http::Responder& responder) {
  const bool all = lane == "all";
  const auto id = all ? std::nullopt : LaneId::parse(lane);
  if (!all && (!id || !gate_.lane(*id))) {
    return responder.respond(http::error_response(404, "unknown_lane", "There is no lane " + lane));
  }
  auto parsed = parse_command(request.body, id, user);
  if (!parsed) return responder.respond(error_answer(parsed.error()));
  if (commands_under_way_ >= kMaxCommands) {
    return responder.respond(http::error_response(503, "busy", "Too many commands are under way; try again"));
  }
  ++commands_under_way_;
  const auto pending = std::make_shared<PendingCommand>(io_, responder, all);
  // The timer's wait holds the command: the gate may keep `end` for longer than the loop lives.
  const auto end = [weak = weak_from_this(), waiting = std::weak_ptr(pending)](const CommandOutcome& outcome) {
    const auto ended = waiting.lock();
    if (!ended || std::exchange(ended->answered, true)) return;
    if (const auto self = weak.lock()) --self->commands_under_way_;
    ended->finish(outcome);
  };
  pending->bound.expires_after(settings_.command_bound);
  pending->bound.async_wait([weak = weak_from_this(), end, id, pending](boost::system::error_code aborted) {
    const auto self = weak.lock();
    if (aborted || !self) return;
    CommandOutcome late;
    late.status =
        fail("no_effect", "The command took no effect in time and was dropped; look at the lane's phase and faults");
    if (!id) late.lanes = self->gate_.status().lanes;
    end(late);
  });
  gate_.command(std::move(*parsed), end);
}

void Answers::events(const http::Request& request, const http::Responder& responder) {
  drop_closed_streams();
  if (streams_.size() >= kMaxStreams) {
    return responder.respond(http::error_response(503, "too_many_streams", "Too many event streams are open"));
  }
  http::EventStreamOptions options;
  options.keepalive = settings_.keepalive;
  const auto stream = responder.start_events(options);
  // A comment at once: the client knows that it is connected before anything happens.
  stream.send_text(": exitgate\n\n");
  if (const auto last_id = request.header("Last-Event-ID"); last_id && !last_id->empty()) {
    const auto missed = history_.since(*last_id);
    if (missed.gap) stream.send_text(": some events before these are no longer kept\n\n");
    for (const auto text : missed.texts) stream.send_text(text);
  }
  if (stream.open()) streams_.push_back(stream);
}

void Answers::publish(const PublicEvent& event) {
  const std::string& text = history_.add(event);
  for (const auto& stream : streams_) stream.send_text(text);
  drop_closed_streams();
}

void Answers::drop_closed_streams() {
  std::erase_if(streams_, [](const http::EventStream& stream) { return !stream.open(); });
}

void Answers::end_streams() {
  for (const auto& stream : streams_) stream.close();
  streams_.clear();
}

void Answers::receipts(const http::Request& request, const http::Responder& responder) {
  auto query = parse_receipt_query(request);
  if (!query) return responder.respond(error_answer(query.error()));
  store_.list(std::move(*query), [responder](Result<ReceiptPage> page) {
    responder.respond(page ? json_response(receipts_json(*page)) : error_answer(page.error()));
  });
}

void Answers::receipt(const std::string& id, const http::Responder& responder) {
  const auto parsed = parse_uuid(id);
  if (!parsed) return responder.respond(http::error_response(404, "not_found", "There is no receipt " + id));
  store_.get(*parsed, [responder](Result<StoredReceipt> stored) {
    responder.respond(stored ? json_response(receipt_json(*stored)) : error_answer(stored.error()));
  });
}

void Answers::retry(const std::string& id, const http::Responder& responder) {
  const auto parsed = parse_uuid(id);
  if (!parsed) return responder.respond(http::error_response(404, "not_found", "There is no receipt " + id));
  store_.retry(*parsed, [responder, id = to_string(*parsed)](Status status) {
    if (!status) return responder.respond(error_answer(status.error()));
    responder.respond(json_response("{\"receipt_id\":\"" + id + "\",\"state\":\"queued\"}"));
  });
}

void Answers::reload(const http::Responder& responder) {
  gate_.reload([responder](Result<ReloadOutcome> outcome) {
    responder.respond(outcome ? json_response(reload_json(*outcome)) : error_answer(outcome.error()));
  });
}

void Answers::trace(const http::Responder& responder) {
  gate_.trace([responder](Result<std::string> text) {
    if (!text) return responder.respond(error_answer(text.error()));
    auto response = json_response(std::move(*text));
    response.content_type = "application/x-ndjson";
    responder.respond(std::move(response));
  });
}

void Answers::health(const http::Responder& responder) {
  std::string standing;
  for (const auto& fault : gate_.status().faults) {
    if (fault.severity != Severity::kBoxDown) continue;
    if (!standing.empty()) standing += ", ";
    standing += to_string(fault.code);
  }
  if (standing.empty()) return responder.respond(json_response("{\"status\":\"ok\"}"));
  responder.respond(http::error_response(503, "box_down", "The box is down: " + standing));
}

void Answers::metrics(const http::Responder& responder) {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics_.text(gate_.status());
  responder.respond(std::move(response));
}

}  // namespace exitgate::api
