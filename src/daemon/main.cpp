// exitgated: the daemon. Reads the store file, runs the box until SIGTERM, reloads on SIGHUP.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "daemon/gate.hpp"
#include "runtime/clock.hpp"
#include "runtime/journal.hpp"
#include "runtime/service.hpp"

namespace exitgate::daemon {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kBadUsage = 2;
constexpr Duration kLookAgain = milliseconds{100};
/// Of the 3 s to the end of the process.
constexpr Duration kLogWrittenWithin = milliseconds{200};

std::filesystem::path folder_from(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return otherwise;
  // systemd gives a list; the first is this unit's own.
  const std::string text(value);
  return text.substr(0, text.find(':'));
}

/// One box from start to stop, and what is to follow it.
class Service {
 public:
  Service(std::shared_ptr<const config::StoreConfig> config, Folders folders)
      : config_(std::move(config)),
        folders_(std::move(folders)),
        signals_(loop_, SIGTERM, SIGINT, SIGHUP),
        watchdog_(loop_) {}

  int run() {
    while (config_) {
      const auto config = std::exchange(config_, nullptr);
      Gate gate(loop_, config, folders_);
      gate.on_restart_wanted([this](std::shared_ptr<const config::StoreConfig> next) {
        before_ = gate_->config();
        config_ = std::move(next);
        gate_->stop(Gate::StopOutputs::kKept, [this] { loop_.stop(); });
      });
      gate.on_ready([this] { runtime::notify_ready(gate_->status_text()); });
      gate_ = &gate;
      if (const auto started = start(gate, *config); !started) {
        gate_ = nullptr;
        if (!before_) return kFailed;
        config_ = std::exchange(before_, nullptr);
        continue;
      }
      if (!std::exchange(waiting_for_signals_, true)) wait_for_signal();
      feed_watchdog();
      loop_.restart();
      loop_.run();
      watchdog_.cancel();
      gate_ = nullptr;
    }
    return kDone;
  }

 private:
  /// A new `[api] listen` that cannot be had refuses the file that names it; one that ran before stops no lane.
  Status start(Gate& gate, const config::StoreConfig& config) {
    const bool new_api = before_ && before_->api != config.api;
    const auto started = gate.start(new_api ? Gate::StartWith::kAll : Gate::StartWith::kLanes);
    if (!started && before_) {
      refused_ = started.error().message;
      runtime::log(runtime::LogLevel::kError, "exitgated: the new store file cannot be run: " + refused_ +
                                                  "; the box goes on with the one before: mend the file and reload");
    } else if (!started) {
      runtime::log(runtime::LogLevel::kError, "exitgated: " + started.error().message);
    } else if (!refused_.empty()) {
      gate.refuse_file(std::exchange(refused_, {}));
    }
    return started;
  }

  void wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code failed, int signal) {
      if (failed) return;
      if (signal == SIGHUP) {
        runtime::notify_reloading(true);
        if (gate_ != nullptr)
          gate_->reload_file([](const Result<ReloadOutcome>&) { runtime::notify_reloading(false); });
        wait_for_signal();
        return;
      }
      runtime::notify_stopping();
      config_.reset();
      if (gate_ != nullptr) gate_->stop(Gate::StopOutputs::kAsConfigured, [this] { loop_.stop(); });
    });
  }

  void feed_watchdog() {
    static const auto interval = runtime::watchdog_interval();
    if (!interval) return;
    // Only turns in which devices were read and deadlines met keep the service alive; one that was not is looked at
    // again soon.
    const bool turning = gate_ != nullptr && gate_->turning();
    if (turning) runtime::notify_watchdog();
    watchdog_.arm(runtime::mono_now() + (turning ? *interval : std::min<Duration>(*interval, kLookAgain)),
                  [this] { feed_watchdog(); });
  }

  std::shared_ptr<const config::StoreConfig> config_;
  std::shared_ptr<const config::StoreConfig> before_;  ///< what ran before config_: known to start
  std::string refused_;  ///< why the file after before_ did not start; told by the next Gate
  Folders folders_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_;
  runtime::LoopTimer watchdog_;
  Gate* gate_ = nullptr;
  bool waiting_for_signals_ = false;
};

int main_checked(int argc, char** argv) {
  CLI::App app{"exitgated: the daemon on a store's exit lanes"};
  std::string file;
  bool check = false;
  app.add_option("--config", file, "the store file")->required();
  app.add_flag("--check", check, "validate the store file and exit");
  app.set_version_flag("--version", std::string("exitgated ") + EXITGATE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kDone : kBadUsage;
  }
  const Folders folders{folder_from("STATE_DIRECTORY", "/var/lib/exitgate"),
                        folder_from("RUNTIME_DIRECTORY", "/run/exitgate")};
  auto environment = config::process_environment();
  if (!check) environment.state_directory = folders.state;
  auto loaded = config::load(file, environment);
  if (check || !loaded.config) {
    for (const auto& finding : loaded.findings) std::fprintf(stderr, "%s\n", config::to_string(finding).c_str());
    return loaded.config ? kDone : kBadUsage;
  }
  for (const auto& finding : loaded.findings) runtime::log(runtime::LogLevel::kWarning, config::to_string(finding));
  std::signal(SIGPIPE, SIG_IGN);
  const int code = Service(std::move(loaded.config), folders).run();
  runtime::flush_log(kLogWrittenWithin);
  return code;
}

}  // namespace
}  // namespace exitgate::daemon

int main(int argc, char** argv) { return exitgate::daemon::main_checked(argc, argv); }
