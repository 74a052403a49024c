#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <fstream>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

/// A full trace takes the daemon about a second on a small processor.
constexpr std::chrono::seconds kPatience{60};

/// The last line tells how many steps there are.
json::value steps_of(const std::string& text) {
  const auto end = text.rfind("{\"end\":");
  boost::system::error_code error;
  const auto last = end == std::string::npos ? json::value() : json::parse(text.substr(end), error);
  return error ? json::value() : at(last, "end");
}

}  // namespace

int trace(const Session& session, const std::string& file) {
  auto client = client_of(session);
  client.set_timeout(kPatience);
  const auto response = client.get("/api/v1/trace");
  if (!response) return tell(session, response.error());
  if (response->status != 200) {
    boost::system::error_code error;
    const auto body = json::parse(response->body, error);
    return tell(session, error_of({response->status, response->body, error ? json::value() : body}));
  }
  if (file == "-") {
    session.out << response->body << std::flush;
    return session.out.good() ? kDone : kFailed;
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << response->body;
  out.close();
  if (!out) return tell(session, {"not_written", file + " can't be written; give another path, or - for output"});
  const auto steps = steps_of(response->body);
  if (session.json) {
    session.out << json::serialize(json::object{{"file", file}, {"bytes", response->body.size()}, {"steps", steps}})
                << '\n';
  } else {
    session.out << json::serialize(steps) << " steps written to " << file << "; exitgate-sim --replay " << file
                << " reproduces them\n";
  }
  return kDone;
}

}  // namespace exitgate::cli
