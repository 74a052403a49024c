#include <boost/json/array.hpp>
#include <chrono>
#include <map>
#include <ostream>
#include <thread>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "cli/status_text.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

constexpr std::chrono::milliseconds kRefresh{500};

/// One line for each point whose shown state is another than before.
void print_changes(std::ostream& out, const json::array& points, std::map<std::string, std::string>& before) {
  for (const auto& point : points) {
    const std::string name = text_at(point, "point");
    const std::string state =
        "raw=" + text_at(point, "raw") + " value=" + text_at(point, "value") + " " + text_at(point, "quality");
    auto& last = before[name];
    if (last == state) continue;
    last = state;
    out << name << ' ' << text_at(point, "use") << ' ' << state << std::endl;
  }
}

}  // namespace

int io(const Session& session, bool follow) {
  const auto columns = session.tty ? static_cast<std::size_t>(session.width) : std::size_t{1000};
  if (!follow) {
    return ask_and_show(session, "GET", "/api/v1/io", "", [&](const json::value& value) {
      for (const auto& line : point_lines(array_at(value, "points"), columns, session.tty)) session.out << line << '\n';
    });
  }
  std::map<std::string, std::string> before;
  for (;;) {
    const auto answer = ask(session, "GET", "/api/v1/io");
    if (!answer) return tell(session, answer.error());
    if (answer->status != 200) return tell(session, error_of(*answer));
    if (session.json) {
      session.out << answer->text << std::endl;
    } else if (session.tty) {
      session.out << "\x1b[H";
      for (const auto& line : point_lines(array_at(answer->json, "points"), columns, true))
        session.out << line << "\x1b[K\n";
      session.out << "\x1b[J" << std::flush;
    } else {
      print_changes(session.out, array_at(answer->json, "points"), before);
    }
    std::this_thread::sleep_for(kRefresh);
  }
}

}  // namespace exitgate::cli
