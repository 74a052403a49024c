// Starting and stopping the box.
#include <algorithm>

#include "daemon/gate.hpp"
#include "daemon/radio_settings.hpp"
#include "runtime/clock.hpp"
#include "runtime/journal.hpp"

namespace exitgate::daemon {
namespace {

constexpr Duration kOutputsWithin = milliseconds{1000};
constexpr Duration kLookAgain = milliseconds{20};

}  // namespace

Status Gate::start(StartWith with) {
  if (auto opened = open_store(); !opened) return opened;
  controller_ = std::make_unique<Controller>(std::make_shared<const GateConfig>(config_->gate), loaded_,
                                             runtime::boot_id(), recorder_, now());
  radio_ = std::make_unique<beacon::Radio>(
      radio_settings(*config_), loaded_,
      beacon::Radio::Sinks{.event = [this](Event event) { feed(std::move(event)); },
                           .store = [this](std::vector<StoreWrite> writes) { store_own(std::move(writes)); },
                           .wants_pass_keys = [this] { link_->refresh_pass_keys(); }});
  if (auto opened = open_link(); !opened) return opened;
  if (auto opened = open_devices(); !opened) return opened;
  if (auto opened = open_api(with); !opened) return opened;
  devices_->start();
  link_->start(*this, loaded_.last_event_id);
  drain_timer_ = std::make_unique<runtime::LoopTimer>(loop_);
  drainer_ = std::make_unique<Drainer>(*store_, *link_, *drain_timer_, &runtime::random_fraction);
  drainer_->on_outcome([this](const DeliveryOutcome& outcome) {
    auto tell = [this](const Uuid& id, const char* state) {
      publish({.type = PublicEventType::kReceipt,
               .at = now().wall,
               .lane_id = {},
               .fields = {{"receipt_id", to_string(id)}, {"state", std::string(state)}}});
    };
    for (const auto& receipt : outcome.delivered) tell(receipt.receipt_id, "delivered");
    for (const auto& receipt : outcome.rejected) tell(receipt.receipt_id, "quarantined");
  });
  store_->on_queue_change([this](const QueueStatus& status) {
    watch_queue(status);
    drainer_->queue_changed(status);
  });
  drainer_->queue_changed(store_->queue_status());
  watch_queue(store_->queue_status());
  watch();
  feed(Tick{});
  return {};
}

Status Gate::open_store() {
  StoreSettings settings;
  settings.path = (folders_.state / config_->receipts.database).string();
  settings.max_queued = config_->receipts.max_queued;
  settings.retention_days = config_->receipts.retention_days;
  settings.own_folder = config_->receipts.database.is_relative();
  settings.committed = [this](Duration took) { metrics_.observe_commit(took); };
  auto opened = open_receipt_store(loop_, settings);
  if (!opened) return fail(opened.error());
  store_ = std::make_unique<ReopeningStore>(
      loop_, std::move(opened->store), [this, settings] { return open_receipt_store(loop_, settings); },
      ReopeningStore::Sinks{.damaged = [this](const std::string& why) { store_damaged(why); },
                            .reopened = [this](const DamageReport& damage) { store_reopened(damage); }});
  loaded_ = std::move(opened->state);
  clock_ = GateClock(config_->clock_trust, loaded_.clock_floor);
  floor_stored_ = loaded_.clock_floor;
  if (opened->damage.anything()) tell_damage(opened->damage);
  return {};
}

void Gate::store_damaged(const std::string& why) {
  runtime::log(runtime::LogLevel::kError, why, {{"EXITGATE_FAULT", "storage_damaged"}});
  feed(ShellFault{.code = FaultCode::kStorageDamaged,
                  .part = "box",
                  .active = true,
                  .advice = why + "; what is readable is being salvaged, receipts are kept in memory meanwhile"});
}

void Gate::store_reopened(const DamageReport& damage) {
  feed(ShellFault{.code = FaultCode::kStorageDamaged, .part = "box", .active = false, .advice = ""});
  if (damage.anything()) tell_damage(damage);
  // What the lost rows said is still known here.
  feed(StorageState{.full = store_->queue_status().storage_low, .begun_anew = damage.begun_anew});
}

void Gate::tell_damage(const DamageReport& damage) {
  std::string advice = "the receipt database was damaged (" + damage.what;
  if (damage.begun_anew) advice += "; found " + to_rfc3339(damage.found_at);
  advice += ")";
  for (const auto& file : damage.kept_aside) advice += "; kept aside: " + file;
  if (damage.begun_anew && damage.kept_aside.empty()) advice += "; kept aside beside it as *.damaged-<time>";
  advice += "; salvaged " + std::to_string(damage.receipts_salvaged) + " receipts";
  for (const auto& range : damage.missing) {
    advice += "; missing sequences " + std::to_string(range.first) + "–" + std::to_string(range.last);
  }
  for (const auto& row : damage.bad_rows) advice += "; unreadable: " + row.table + " row " + std::to_string(row.rowid);
  runtime::log(runtime::LogLevel::kError, advice, {{"EXITGATE_FAULT", "storage_damaged"}});
  // After salvage the box is in service: a warning.
  waiting_.push_back(ShellFault{.code = FaultCode::kStorageDamaged,
                                .part = "box",
                                .active = true,
                                .advice = advice + "; keep the file for support, check the disk",
                                .severity = Severity::kWarning});
}

Status Gate::open_link() {
  const auto& backend = config_->backend;
  BackendSettings settings;
  settings.host = backend.endpoint.host;
  settings.port = backend.endpoint.port;
  settings.base_path = backend.base_path;
  settings.ca_file = backend.ca_file.string();
  settings.certificate_file = backend.certificate_file.string();
  settings.private_key_file = backend.private_key_file.string();
  settings.store_id = config_->gate.store_id;
  settings.gate_id = config_->gate.gate_id;
  settings.connect_timeout = backend.connect_timeout;
  settings.confirm_timeout = backend.confirm_timeout;
  settings.user_agent = std::string("exitgate/") + EXITGATE_VERSION;
  settings.on_confirm_latency = [this](Duration took) { metrics_.observe_confirm(took); };
  auto link = make_tls_backend_link(loop_, std::move(settings));
  if (!link) return fail(link.error());
  link_ = std::move(*link);
  for (const auto& file : {backend.certificate_file, backend.ca_file}) {
    certificates_.add(file, CertificateWatch::Renewed::kByItself);
  }
  return {};
}

Status Gate::open_devices() {
  DeviceSinks sinks;
  sinks.event = [this](Event event) { feed(std::move(event)); };
  sinks.advert = [this](DeviceId receiver, const hal::AdvertReport& report) {
    if (stopping_) return;
    now();  // the clock as of this advert
    radio_->on_advert({.at = report.at,
                       .receiver = receiver,
                       .address = report.address,
                       .rssi_dbm = report.rssi_dbm,
                       .data = report.data},
                      clock_.view());
  };
  sinks.request_took = [this](DeviceId device, Duration took) {
    metrics_.observe_device_request(config_->devices[device].name.view(), took);
  };
  auto devices = Devices::build(loop_, *config_, std::move(sinks));
  if (!devices) return fail(devices.error());
  devices_ = std::move(*devices);
  return {};
}

void Gate::open_outputs() {
  for (const auto& lane : config_->gate.lanes) {
    for (const auto role : {OutputRole::kBarrier, OutputRole::kHoldOpen}) {
      const auto& binding = lane.output(role);
      if (binding) devices_->write(binding->point, !binding->energised_closed);
    }
    for (const auto role :
         {OutputRole::kOpenPulse, OutputRole::kSignalGreen, OutputRole::kSignalRed, OutputRole::kBuzzer}) {
      if (lane.output(role)) devices_->write(lane.output(role)->point, false);
    }
  }
}

void Gate::stop(StopOutputs outputs, std::function<void()> done) {
  stopping_ = true;
  timer_.cancel();
  watch_timer_.cancel();
  drainer_.reset();
  if (link_) link_->stop();
  const bool open =
      outputs == StopOutputs::kAsConfigured && config_->shutdown_outputs == config::ShutdownOutputs::kOpen;
  if (devices_ && open) open_outputs();
  await_outputs(runtime::mono_now() + kOutputsWithin, std::move(done));
}

void Gate::await_outputs(MonoTime until, std::function<void()> done) {
  if (devices_ && devices_->writes_pending() > 0 && runtime::mono_now() < until) {
    stop_timer_.arm(runtime::mono_now() + kLookAgain,
                    [this, until, done = std::move(done)] { await_outputs(until, done); });
    return;
  }
  if (devices_) devices_->stop();
  if (api_) {
    api_->stop(std::move(done));
  } else {
    done();
  }
}

}  // namespace exitgate::daemon
