#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <deque>
#include <ostream>
#include <thread>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "cli/watch_text.hpp"

namespace exitgate::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t kKeptEvents = 200;
constexpr std::chrono::milliseconds kRefresh{1000};
/// Events come in bursts: between two of them the screen stands for at least this long.
constexpr std::chrono::milliseconds kFastest{100};

class Screen {
 public:
  explicit Screen(const Session& session) : session_(session) {}

  /// Asks for the status and draws it. False when the daemon does not answer.
  bool refresh() {
    drawn_ = std::chrono::steady_clock::now();
    const auto answer = ask(session_, "GET", "/api/v1/status");
    if (!answer || answer->status != 200) return false;
    const auto width = static_cast<std::size_t>(session_.width);
    // The last row stays empty: writing into its end would scroll.
    const auto height = static_cast<std::size_t>(session_.height > 1 ? session_.height - 1 : 1);
    session_.out << "\x1b[H";
    for (const auto& line : watch_screen(answer->json, events_, width, height, true))
      session_.out << line << "\x1b[K\n";
    session_.out << "\x1b[J" << std::flush;
    return true;
  }
  void take(const http::ServerSentEvent& event) {
    boost::system::error_code error;
    const auto data = json::parse(event.data, error);
    if (error) return;
    events_.push_back(event_line(event.event, data, static_cast<std::size_t>(session_.width), true));
    if (events_.size() > kKeptEvents) events_.pop_front();
    if (std::chrono::steady_clock::now() - drawn_ >= kFastest) refresh();
  }

 private:
  const Session& session_;
  std::deque<std::string> events_;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace

int watch(const Session& session) {
  if (!session.tty) {
    if (!session.json) {
      if (const int code = status(session); code != kDone) return code;
      session.out << std::flush;
    }
    return events(session, true);
  }
  Screen screen(session);
  session.out << "\x1b[2J";
  http::Client::Follower follower;
  follower.tick = kRefresh;
  follower.event = [&](const http::ServerSentEvent& event) {
    follower.last_event_id = event.id;
    screen.take(event);
    return true;
  };
  follower.idle = [&] { return screen.refresh(); };
  for (bool first = true;; first = false) {
    Result<http::Response> end = fail("broken", "");
    if (screen.refresh()) end = client_of(session).follow("/api/v1/events", follower);
    if (!end && first && !ask(session, "GET", "/api/v1/status"))
      return tell(session, ask(session, "GET", "/api/v1/status").error());
    session.out << "\x1b[H\x1b[J"
                << "exitgate: waiting for the daemon at " << session.socket << std::endl;
    std::this_thread::sleep_for(kRefresh);
  }
}

}  // namespace exitgate::cli
