// Faults found outside the controller, and what the backend link tells.
#include "daemon/gate.hpp"
#include "daemon/radio_settings.hpp"
#include "runtime/clock.hpp"
#include "runtime/journal.hpp"

namespace exitgate::daemon {
namespace {

constexpr Duration kWatchEvery = std::chrono::seconds{1};
constexpr Duration kCertificatesEvery = std::chrono::seconds{10};
constexpr std::chrono::seconds kFloorStoredEvery{60};
constexpr Duration kDateWantedEvery = std::chrono::seconds{10};

}  // namespace

void Gate::set_fault(FaultCode code, bool active, std::string advice, std::optional<Severity> severity) {
  const auto telling = active ? std::optional(advice) : std::nullopt;
  if (std::exchange(told_[code], telling) == telling) return;
  feed(ShellFault{.code = code, .part = "box", .active = active, .advice = std::move(advice), .severity = severity});
}

void Gate::watch() {
  const MonoTime mono = runtime::mono_now();
  watch_clock();
  watch_queue(store_->queue_status());
  watch_api();
  if (mono >= certificates_due_) watch_certificates();
  if (clock_.view().synchronised) store_->housekeep(clock_.view().now);
  for (auto& writes : std::exchange(unwritten_, {})) store_own(std::move(writes));
  radio_->report_counts(receivers_of(*config_), [this](DeviceId receiver, std::string_view result, std::uint64_t more) {
    metrics_.count_beacons(config_->devices[receiver].name.view(), result, more);
  });
  watch_timer_.arm(mono + kWatchEvery, [this] { watch(); });
}

void Gate::watch_clock() {
  now();
  const auto& view = clock_.view();
  set_fault(FaultCode::kClockUnsynchronised, !view.synchronised && !view.wrong,
            "the clock is not synchronised: check the time service; expiries are judged by the last known time");
  set_fault(FaultCode::kClockWrong, view.wrong,
            "the clock is behind the latest time known: check the time service and the clock's battery");
  // Or the latest time known is: a clock that ran ahead left it. The Date of any answer says which.
  if (view.wrong && runtime::mono_now() >= date_wanted_at_) {
    date_wanted_at_ = runtime::mono_now() + kDateWantedEvery;
    link_->refresh_pass_keys();
  }
  const auto floor = clock_.floor();
  if (!floor) return;
  const bool moved_on = !floor_stored_ || *floor - *floor_stored_ >= kFloorStoredEvery || *floor < *floor_stored_;
  if (!moved_on) return;
  floor_stored_ = floor;
  store_own({PutClockFloor{*floor}});
}

void Gate::watch_queue(const QueueStatus& status) {
  const auto most = config_->receipts.max_queued;
  set_fault(FaultCode::kReceiptRejected, status.quarantined > 0,
            std::to_string(status.quarantined) +
                " receipts are in quarantine: see `exitgate receipts quarantine`, send them again or export them");
  set_fault(FaultCode::kQueueHigh, status.queued * 10 >= most * 9,
            "the receipt queue is nearly full: restore the connection to the backend");
  feed(StorageState{.full = status.storage_low});
}

void Gate::watch_certificates() {
  certificates_due_ = runtime::mono_now() + kCertificatesEvery;
  certificates_.look();
  const auto advice = certificates_.advice(clock_.view().judging);
  set_fault(FaultCode::kCertificateExpiry, !advice.empty(), advice);
}

void Gate::on_answer(QuestionId question, const ConfirmAnswer& answer) { feed(AnswerArrived{question, answer}); }

void Gate::on_connected(bool connected, const std::optional<Error>& why) {
  if (!connected && why) runtime::log(runtime::LogLevel::kWarning, "backend: " + why->message);
  feed(BackendConnected{connected, why ? why->message : ""});
}

void Gate::on_stream(bool stands) {
  if (stands && drainer_) drainer_->stream_came_back();
}

void Gate::on_stream_event(const StreamEvent& event, const std::string& id) { feed(StreamArrived{event, id}); }

void Gate::on_pass_keys(const std::vector<PassKey>& keys) {
  radio_->set_pass_keys(keys);
  store_own({PutPassKeys{keys}});
}

void Gate::on_date(WallTime date) { clock_.backend_date(date); }

void Gate::on_credentials_refused(const std::string& detail) {
  set_fault(FaultCode::kBackendCredentials, true, detail);
}

void Gate::on_credentials_accepted() { set_fault(FaultCode::kBackendCredentials, false, ""); }

void Gate::on_protocol_error(const std::string& detail) {
  // Fades by itself 60 s after the last.
  feed(ShellFault{.code = FaultCode::kBackendProtocol, .part = "box", .active = true, .advice = detail});
}

}  // namespace exitgate::daemon
