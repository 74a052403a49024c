// exitgate-rig: the gate hardware of a scenario over real protocols, with shoppers (docs/rig.md).
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include "tools/rig/performance.hpp"
#include "tools/rig/scenario.hpp"

namespace {

using namespace exitgate;
using namespace exitgate::rig;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

struct Options {
  std::string scenario;
  std::string directory;
  std::vector<std::string> addresses;
  std::string ready_file;
  bool check = false;
  PerformanceOptions performance;
};

/// NAME=ADDRESS, as often as given.
bool split_addresses(const std::vector<std::string>& texts, std::map<std::string, std::string>& addresses) {
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "exitgate-rig: --at: found %s; expected NAME=ADDRESS\n", text.c_str());
      return false;
    }
    addresses[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return true;
}

/// By renaming, so that whoever waits for the file reads all of it.
bool write_whole(const std::string& path, const std::string& text) {
  const std::string unfinished = path + ".new";
  std::ofstream out(unfinished);
  out << text << std::flush;
  return out.good() && std::rename(unfinished.c_str(), path.c_str()) == 0;
}

int perform(Scenario scenario, const Options& options) {
  boost::asio::io_context io;
  auto performance = Performance::open(io, std::move(scenario), options.performance);
  if (!performance) {
    std::fprintf(stderr, "exitgate-rig: %s\n", performance.error().message.c_str());
    return kFailed;
  }
  std::string ready;
  for (const auto& endpoint : (*performance)->plant().endpoints()) ready += endpoint + "\n";
  std::printf("%sready\n", ready.c_str());
  std::fflush(stdout);
  if (!options.ready_file.empty() && !write_whole(options.ready_file, ready)) {
    std::fprintf(stderr, "exitgate-rig: cannot write %s\n", options.ready_file.c_str());
    return kFailed;
  }
  int exit_code = options.performance.once ? kFailed : kDone;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](auto, int) { io.stop(); });
  (*performance)->start([&](bool good) {
    exit_code = good ? kDone : kFailed;
    io.stop();
  });
  io.run();
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Plays gate hardware over real protocols, with shoppers from a scenario file."};
  Options options;
  app.add_option("--scenario", options.scenario, "the scenario, TOML (docs/rig.md)")->required();
  app.add_option("--directory", options.directory, "relative paths in the scenario are taken from here");
  app.add_option("--at", options.addresses, "NAME=ADDRESS: another address for a module or receiver");
  app.add_option("--backend-admin", options.performance.backend_admin,
                 "the reference backend's admin side: unix:PATH or HOST:PORT");
  app.add_option("--control", options.performance.control, "the daemon's control API: unix:PATH or HOST:PORT");
  app.add_option("--ready-file", options.ready_file,
                 "written when all listen: NAME ADDRESS of every module and receiver");
  app.add_flag("--once", options.performance.once, "play once, judge, and exit 0 only if all was as expected");
  app.add_flag("--live", options.performance.live, "a picture for people");
  app.add_flag("--check", options.check, "only read the scenario");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadUsage;
  }
  std::map<std::string, std::string> addresses;
  if (!split_addresses(options.addresses, addresses)) return kBadUsage;
  auto scenario = read_scenario(options.scenario, options.directory, addresses);
  if (!scenario) {
    std::fprintf(stderr, "%s\n", scenario.error().message.c_str());
    return kBadUsage;
  }
  return options.check ? kDone : perform(std::move(*scenario), options);
}
