#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "cli/status_text.hpp"
#include "http/request_target.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

void print(std::ostream& out, const Lines& lines) {
  for (const auto& line : lines) out << line << '\n';
}

std::size_t columns(const Session& session) {
  // What is piped is read by programs or by wide windows.
  return session.tty ? static_cast<std::size_t>(session.width) : 1000;
}

}  // namespace

int status(const Session& session) {
  return ask_and_show(session, "GET", "/api/v1/status", "", [&](const json::value& value) {
    print(session.out, status_lines(value, columns(session), session.tty));
  });
}

int lane(const Session& session, const LaneCommand& command) {
  json::object body{{"command", command.command}, {"by", command.by}, {"reason", command.reason}};
  if (!command.mode.empty()) body["mode"] = command.mode;
  const auto target = "/api/v1/lanes/" + http::percent_encode(command.lane) + "/commands";
  const auto answer = ask(session, "POST", target, json::serialize(body));
  if (!answer) return tell(session, answer.error());
  if (session.json) {
    session.out << answer->text << '\n';
    return answer->status == 200 ? kDone : kFailed;
  }
  // "all" shows how each lane stands, also where one of them refused.
  json::array lanes = array_at(answer->json, "lanes");
  if (lanes.empty() && answer->status == 200) lanes.push_back(answer->json);
  if (!lanes.empty()) print(session.out, lane_lines(lanes, columns(session), session.tty));
  return answer->status == 200 ? kDone : tell(session, error_of(*answer));
}

int reload(const Session& session) {
  return ask_and_show(session, "POST", "/api/v1/reload", "", [&](const json::value& value) {
    for (const auto& warning : array_at(value, "warnings")) {
      session.err << std::string_view(warning.as_string().data(), warning.as_string().size()) << '\n';
    }
    std::string pending;
    for (const auto& id : array_at(value, "pending")) pending += " " + std::string(id.as_string());
    session.out << "The configuration is good"
                << (pending.empty() ? "" : "; it comes into force when idle and empty: lane" + pending) << '\n';
  });
}

}  // namespace exitgate::cli
