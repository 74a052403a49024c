// exitgate: the command line for installers and staff.
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <iostream>

#include "cli/commands.hpp"

namespace {

using namespace exitgate::cli;

/// A password from the terminal without showing it, or the first line of what is piped in.
std::string read_password() {
  const bool tty = isatty(STDIN_FILENO) == 1;
  termios before{};
  if (tty) {
    std::cerr << "Password: " << std::flush;
    tcgetattr(STDIN_FILENO, &before);
    termios hidden = before;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string password;
  std::getline(std::cin, password);
  if (tty) {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::cerr << '\n';
  }
  return password;
}

struct Arguments {
  std::string file;
  LaneCommand lane;
  std::string state;
  std::size_t limit = 50;
  std::string receipt;
  std::string database;
  bool follow = false;
  std::string user;
  std::string role;
};

using Action = std::function<int(const Session&)>;

void add_lane(CLI::App& app, Arguments& arguments, Action& action) {
  auto* const lane_app = app.add_subcommand(
      "lane", "Command a lane: open, hold-open, release-hold, out-of-service, in-service, reset, mode");
  lane_app->add_option("lane", arguments.lane.lane, "Lane id, or all")->required();
  lane_app->add_option("command", arguments.lane.command, "What to do")
      ->required()
      ->check(CLI::IsMember({"open", "hold-open", "release-hold", "out-of-service", "in-service", "reset", "mode"}));
  lane_app->add_option("mode", arguments.lane.mode, "For mode: cart, walkout or mixed")
      ->check(CLI::IsMember({"cart", "walkout", "mixed"}));
  lane_app->add_option("--by", arguments.lane.by, "Your name; it is recorded")->required();
  lane_app->add_option("--reason", arguments.lane.reason, "Why; it is recorded")->required();
  lane_app->callback([&] {
    if ((arguments.lane.command == "mode") == arguments.lane.mode.empty()) {
      throw CLI::ValidationError("mode", "the command mode, and no other, is followed by cart, walkout or mixed");
    }
    action = [&](const Session& session) { return lane(session, arguments.lane); };
  });
}

void add_receipts(CLI::App& app, Arguments& arguments, Action& action) {
  auto* const receipts = app.add_subcommand("receipts", "Receipts of exits")->require_subcommand(1);
  const CLI::IsMember states({"open", "queued", "delivered", "quarantined"});
  auto* const list = receipts->add_subcommand("list", "List receipts");
  list->add_option("--state", arguments.state, "open, queued, delivered or quarantined")->check(states);
  list->add_option("--limit", arguments.limit, "At most so many")->check(CLI::Range(1, 1000))->capture_default_str();
  list->callback(
      [&] { action = [&](const Session& s) { return receipts_list(s, arguments.state, arguments.limit); }; });
  auto* const show = receipts->add_subcommand("show", "Show one receipt");
  show->add_option("id", arguments.receipt, "Receipt id")->required();
  show->callback([&] { action = [&](const Session& s) { return receipts_show(s, arguments.receipt); }; });
  auto* const quarantine = receipts->add_subcommand("quarantine", "List what the backend can't take, and why");
  quarantine->callback([&] { action = [](const Session& s) { return receipts_list(s, "quarantined", 1000); }; });
  auto* const retry = receipts->add_subcommand("retry", "Send a quarantined receipt again");
  retry->add_option("id", arguments.receipt, "Receipt id")->required();
  retry->callback([&] { action = [&](const Session& s) { return receipts_retry(s, arguments.receipt); }; });
  auto* const exported = receipts->add_subcommand("export", "Write receipts as JSON, one a line");
  exported->add_option("--state", arguments.state, "open, queued, delivered or quarantined")->check(states);
  exported->add_option("--database", arguments.database, "Read this file instead of asking the daemon")
      ->check(CLI::ExistingFile);
  exported->callback(
      [&] { action = [&](const Session& s) { return receipts_export(s, arguments.state, arguments.database); }; });
  auto* const verify = receipts->add_subcommand("verify", "Check every hash and every chain");
  verify->add_option("database", arguments.database, "Check this file instead of asking the daemon")
      ->check(CLI::ExistingFile);
  verify->callback([&] { action = [&](const Session& s) { return receipts_verify(s, arguments.database); }; });
}

void add_users(CLI::App& app, Arguments& arguments, Action& action) {
  auto* const users = app.add_subcommand("users", "Users of the API on the network")->require_subcommand(1);
  auto* const add = users->add_subcommand(
      "add", "Add a user, or replace role and password; the password is asked for, or read from a pipe");
  add->add_option("file", arguments.file, "The users_file, or - to write the line out")->required();
  add->add_option("user", arguments.user, "Name")->required();
  add->add_option("role", arguments.role, "viewer, operator or installer")
      ->required()
      ->check(CLI::IsMember({"viewer", "operator", "installer"}));
  add->callback([&] {
    action = [&](const Session& s) {
      return users_add(s, arguments.file, arguments.user, arguments.role, read_password());
    };
  });
}

void add_all(CLI::App& app, Arguments& arguments, Action& action) {
  auto* const check = app.add_subcommand("check", "Check a store file; all findings at once");
  check->add_option("file", arguments.file, "Store file")->required();
  check->callback([&] { action = [&](const Session& s) { return check_file(s, arguments.file); }; });
  app.add_subcommand("status", "The box and its lanes")->callback([&] {
    action = [](const Session& s) { return status(s); };
  });
  app.add_subcommand("watch", "The same, live")->callback([&] { action = [](const Session& s) { return watch(s); }; });
  add_lane(app, arguments, action);
  add_receipts(app, arguments, action);
  auto* const event = app.add_subcommand("events", "What happened lately");
  event->add_flag("--follow", arguments.follow, "What happens from now on");
  event->callback([&] { action = [&](const Session& s) { return events(s, arguments.follow); }; });
  auto* const points = app.add_subcommand("io", "Every point, raw and debounced");
  points->add_flag("--follow", arguments.follow, "Again and again");
  points->callback([&] { action = [&](const Session& s) { return io(s, arguments.follow); }; });
  app.add_subcommand("reload", "Read the store file again")->callback([&] {
    action = [](const Session& s) { return reload(s); };
  });
  auto* const dump = app.add_subcommand("trace", "The daemon's latest steps, for exitgate-sim --replay");
  dump->add_option("dump", arguments.file, "The file to write, or - for standard output")->required();
  dump->callback([&] { action = [&](const Session& s) { return trace(s, arguments.file); }; });
  add_users(app, arguments, action);
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that went away (`exitgate events --follow | head`) ends the program quietly.
  std::signal(SIGPIPE, SIG_DFL);
  CLI::App app("exitgate: exit lanes, for installers and staff");
  app.set_version_flag("--version", "exitgate " EXITGATE_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  Session session{std::cout, std::cerr};
  app.add_flag("--json", session.json, "Write JSON");
  app.add_option("--socket", session.socket, "Control socket of the daemon")->capture_default_str();
  Arguments arguments;
  Action action;
  add_all(app, arguments, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadUsage;
  }
  session.tty = isatty(STDOUT_FILENO) == 1;
  winsize size{};
  if (session.tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    session.width = size.ws_col;
    session.height = size.ws_row;
  }
  return action(session);
}
