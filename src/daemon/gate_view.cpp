// The box as the control API sees it.
#include <algorithm>
#include <boost/algorithm/string/join.hpp>

#include "config/config_json.hpp"
#include "daemon/gate.hpp"
#include "daemon/radio_settings.hpp"
#include "runtime/clock.hpp"
#include "runtime/journal.hpp"

namespace exitgate::daemon {
std::string Gate::status_text() const {
  const auto lanes = controller_->status().lanes;
  const auto down =
      std::count_if(lanes.begin(), lanes.end(), [](const LaneStatus& l) { return l.phase == Phase::kFaulted; });
  return std::to_string(lanes.size()) + " lanes, " + std::to_string(down) + " faulted";
}

GateView Gate::status() const {
  auto inner = controller_->status();
  GateView view;
  view.version = EXITGATE_VERSION;
  view.store_id = config_->gate.store_id;
  view.gate_id = config_->gate.gate_id;
  view.clock_synchronised = clock_.view().synchronised;
  view.now = clock_.view().now;
  view.backend_online = inner.backend_online;
  view.backend_since = inner.backend_since;
  view.receipts = store_->queue_status();
  for (std::size_t i = 0; i < inner.devices.size(); ++i) {
    const auto& device = inner.devices[i];
    view.devices.push_back(
        {device.name, std::string(config::driver_name(config_->devices[i].driver)), device.up, device.since});
  }
  view.faults = std::move(inner.faults);
  view.lanes = std::move(inner.lanes);
  return view;
}

std::optional<LaneStatus> Gate::lane(const LaneId& id) const {
  for (auto& lane : controller_->status().lanes) {
    if (lane.id == id) return lane;
  }
  return std::nullopt;
}

void Gate::command(StaffCommand command, std::function<void(CommandOutcome)> done) {
  command.request = next_request_++;
  commands_.emplace(command.request, PendingCommand{command.lane, std::move(done)});
  feed(std::move(command));
}

std::vector<PointView> Gate::points() const {
  std::vector<PointView> views;
  const MonoTime mono = runtime::mono_now();
  for (std::size_t i = 0; i < config_->points.size(); ++i) {
    const auto& point = config_->points[i];
    const auto id = static_cast<PointId>(i);
    PointView view{.point = point.address,
                   .use = point.use,
                   .output = point.output,
                   .raw = {},
                   .value = {},
                   .quality = PointQuality::kUnread,
                   .age = {}};
    if (point.output) {
      view.value = controller_->output(id);
      view.raw = view.value;
      view.quality = view.value ? PointQuality::kGood : PointQuality::kUnread;
    } else {
      const auto input = controller_->input(id, point.device, mono);
      if (input.known) {
        view.raw = input.raw == point.active_high;
        view.value = input.level;
        view.quality = input.readable ? PointQuality::kGood : PointQuality::kStale;
        view.age = input.age;
      }
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::string Gate::config_json() const { return config::to_json(*config_); }

void Gate::refuse_file(const std::string& why) {
  publish({.type = PublicEventType::kConfig,
           .at = now().wall,
           .lane_id = {},
           .fields = {{"result", std::string("refused")}, {"why", why}}});
}

void Gate::reload(std::function<void(Result<ReloadOutcome>)> done) {
  auto environment = config::process_environment();
  environment.state_directory = folders_.state;
  auto loaded = config::load(config_->file, environment);
  ReloadOutcome outcome;
  std::vector<std::string> errors;
  for (const auto& finding : loaded.findings) {
    const bool error = finding.severity == config::FindingSeverity::kError;
    const auto line = config::to_string(finding);
    runtime::log(error ? runtime::LogLevel::kError : runtime::LogLevel::kWarning, line);
    if (error) errors.push_back(line);
    outcome.warnings.push_back(line);
  }
  if (!loaded.config) {
    refuse_file(errors.front() + (errors.size() > 1 ? " (and " + std::to_string(errors.size() - 1) + " more)" : ""));
    done(fail("bad_config", boost::algorithm::join(errors, "\n")));
    return;
  }
  for (const auto& lane : loaded.config->gate.lanes) outcome.pending.push_back(lane.id);
  publish({.type = PublicEventType::kConfig,
           .at = now().wall,
           .lane_id = {},
           .fields = {{"result", std::string("accepted")}}});
  // A listening API keeps the certificate it began with.
  const bool same_api = !network_missing_ && stamp_of_api_files() == api_files_;
  if (config::taken_lane_by_lane(*config_, *loaded.config) && same_api) {
    next_config_.reset();
    config_ = loaded.config;
    radio_->reconfigure(radio_settings(*config_));
    feed(Reconfigure{config_->gate});
  } else {
    // Other devices, points or peers: the box starts anew in the same process once every lane is ready for it.
    next_config_ = loaded.config;
  }
  if (const auto users = api_->reload_users(); !users) runtime::log(runtime::LogLevel::kError, users.error().message);
  watch_certificates();
  done(std::move(outcome));
  feed(Tick{});
}

}  // namespace exitgate::daemon
