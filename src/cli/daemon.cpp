#include "cli/daemon.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>

namespace exitgate::cli {
namespace json = boost::json;
namespace {

std::string advice(const Error& error) {
  if (error.code == "unreachable") {
    return ". Is the daemon running? Try `systemctl status exitgated`, or name its socket with --socket PATH";
  }
  if (error.code == "no_permission") return ". Use sudo, or join the group that owns the socket";
  return "";
}

}  // namespace

http::Client client_of(const Session& session) { return http::Client::over_unix(session.socket); }

Result<DaemonAnswer> ask(const Session& session, const std::string& method, const std::string& target,
                         const std::string& body) {
  const auto response = client_of(session).request(method, target, body, body.empty() ? "" : "application/json");
  if (!response) return fail(response.error());
  boost::system::error_code error;
  auto parsed = json::parse(response->body, error);
  if (error)
    return fail("broken", session.socket + " answered " + target + " with something that is no JSON; is it exitgated?");
  return DaemonAnswer{response->status, response->body, std::move(parsed)};
}

int ask_and_show(const Session& session, const std::string& method, const std::string& target, const std::string& body,
                 const std::function<void(const json::value&)>& show) {
  const auto answer = ask(session, method, target, body);
  if (!answer) return tell(session, answer.error());
  if (session.json) {
    session.out << answer->text << '\n';
    if (answer->status == 200) return kDone;
    return error_of(*answer).code == "bad_config" ? kBadUsage : kFailed;
  }
  if (answer->status != 200) return tell(session, error_of(*answer));
  show(answer->json);
  return kDone;
}

Error error_of(const DaemonAnswer& answer) {
  const auto& error = at(answer.json, "error");
  const std::string code = text_at(error, "code");
  const std::string message = text_at(error, "message");
  // The one code that decides about the exit code; an Error's code must be a literal.
  return {code == "bad_config" ? std::string_view("bad_config") : std::string_view("refused"),
          (message.empty() ? "The daemon answered " + std::to_string(answer.status) : message) +
              (code.empty() ? "" : " (" + code + ")")};
}

int tell(const Session& session, const Error& error) {
  if (session.json) {
    const json::object details{{"code", json::string_view(error.code.data(), error.code.size())},
                               {"message", error.message}};
    session.out << json::serialize(json::object{{"error", details}}) << '\n';
  } else {
    session.err << "exitgate: " << error.message << advice(error) << '\n';
  }
  return error.code == "bad_config" ? kBadUsage : kFailed;
}

const json::value& at(const json::value& value, std::string_view key) {
  static const json::value kNull;
  const auto* const object = value.if_object();
  const auto* const found = object == nullptr ? nullptr : object->if_contains({key.data(), key.size()});
  return found == nullptr ? kNull : *found;
}

const json::array& array_at(const json::value& value, std::string_view key) {
  static const json::array kNone;
  const auto* const found = at(value, key).if_array();
  return found == nullptr ? kNone : *found;
}

std::string text_at(const json::value& value, std::string_view key) {
  const auto& found = at(value, key);
  if (found.is_null()) return "";
  if (const auto* const text = found.if_string()) return std::string(text->data(), text->size());
  return json::serialize(found);
}

}  // namespace exitgate::cli
