#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <ostream>
#include <thread>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "cli/status_text.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

/// An id of no run: the daemon gives all it keeps.
constexpr const char* kEverything = "0-0";
constexpr std::chrono::seconds kReconnect{2};

void print_event(const Session& session, const http::ServerSentEvent& event) {
  boost::system::error_code error;
  auto data = json::parse(event.data, error);
  if (error) return;
  if (session.json) {
    json::object line{{"id", event.id}, {"event", event.event}, {"data", std::move(data)}};
    session.out << json::serialize(line) << std::endl;
    return;
  }
  const auto columns = session.tty ? static_cast<std::size_t>(session.width) : std::size_t{1000};
  session.out << event_line(event.event, data, columns, session.tty) << std::endl;
}

int refused(const Session& session, const http::Response& response) {
  boost::system::error_code error;
  const auto body = json::parse(response.body, error);
  return tell(session, error_of({response.status, response.body, error ? json::value() : body}));
}

}  // namespace

int events(const Session& session, bool follow, std::optional<std::size_t> limit_events) {
  http::Client::Follower follower;
  if (!follow) follower.last_event_id = kEverything;
  follower.tick = std::chrono::milliseconds(300);
  std::size_t seen = 0;
  bool quiet = false;
  bool ended = false;
  follower.event = [&](const http::ServerSentEvent& event) {
    print_event(session, event);
    follower.last_event_id = event.id;
    quiet = false;
    ended = limit_events && ++seen >= *limit_events;
    return !ended;
  };
  // What is kept comes at once: a whole tick of silence is its end.
  follower.idle = [&] { return follow || !std::exchange(quiet, true); };
  for (bool first = true;; first = false) {
    const auto end = client_of(session).follow("/api/v1/events", follower);
    if (end && end->status != 200) return refused(session, *end);
    if (end) return kDone;
    if (!follow || first) {
      if (first && end.error().code != "broken") return tell(session, end.error());
      if (!follow) return tell(session, end.error());
    }
    session.err << "exitgate: " << end.error().message << "; trying again" << std::endl;
    std::this_thread::sleep_for(kReconnect);
  }
}

}  // namespace exitgate::cli
