// The running box: the controller and everything it acts on, on one loop.
//
// Ownership: owns store, link, devices, controller and API; the io_context outlives it. Thread: the loop's; run the
// loop after start(). Errors: start() tells them; afterwards they are faults. Timing: each event is one step, each
// step's commands are carried out before the next event is taken; one timer stands at the earliest deadline.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "api/control_api.hpp"
#include "api/metrics.hpp"
#include "backend/tls_backend_link.hpp"
#include "base/gate_clock.hpp"
#include "beacon/radio.hpp"
#include "config/load.hpp"
#include "core/controller.hpp"
#include "daemon/certificate_watch.hpp"
#include "daemon/devices.hpp"
#include "daemon/reopening_store.hpp"
#include "daemon/trace_output.hpp"
#include "ports/gate_control.hpp"
#include "receipts/drainer.hpp"
#include "runtime/loop_timer.hpp"
#include "runtime/random_ids.hpp"
#include "trace/recorder.hpp"

namespace exitgate::daemon {

struct Folders {
  std::filesystem::path state;
  std::filesystem::path runtime;
};

class Gate final : public GateControl, private BackendObserver {
 public:
  Gate(boost::asio::io_context& loop, std::shared_ptr<const config::StoreConfig> config, Folders folders);
  ~Gate() override;

  /// kLanes: a `[api] listen` that cannot be had stops no lane; it is logged, and the box starts anew when it can be
  /// had.
  enum class StartWith : std::uint8_t { kAll, kLanes };
  /// Opens the store, starts devices, link and API. Blocks until the store is loaded.
  [[nodiscard]] Status start(StartWith with);
  /// kAsConfigured: outputs are brought to `[shutdown] outputs`; kKept: they stay, for a new start in the same process.
  enum class StopOutputs : std::uint8_t { kAsConfigured, kKept };
  /// `done` comes when outputs are so and connections are closed, within 2 s.
  void stop(StopOutputs outputs, std::function<void()> done);
  /// Told once, when every lane's outputs are in a known state: read and kept, or their device found lost.
  void on_ready(std::function<void()> told) { ready_ = std::move(told); }
  /// A new store file that names other devices or points needs a new Gate: told when every lane may restart.
  void on_restart_wanted(std::function<void(std::shared_ptr<const config::StoreConfig>)> told) {
    restart_ = std::move(told);
  }
  /// The file that is taken now, or the newest of which every lane has or gets its part.
  [[nodiscard]] const std::shared_ptr<const config::StoreConfig>& config() const { return config_; }
  /// Tells that a store file is not taken.
  void refuse_file(const std::string& why);
  void reload_file(std::function<void(Result<ReloadOutcome>)> done) { reload(std::move(done)); }
  /// The last turn was in time and every device was read or its loss handled: the watchdog may be fed.
  [[nodiscard]] bool turning() const { return controller_ && controller_->turning(); }
  [[nodiscard]] std::string status_text() const;

  // GateControl
  [[nodiscard]] GateView status() const override;
  [[nodiscard]] std::optional<LaneStatus> lane(const LaneId& id) const override;
  void command(StaffCommand command, std::function<void(CommandOutcome)> done) override;
  [[nodiscard]] std::vector<PointView> points() const override;
  [[nodiscard]] std::string config_json() const override;
  void reload(std::function<void(Result<ReloadOutcome>)> done) override;
  void trace(std::function<void(Result<std::string>)> done) override;

 private:
  // gate.cpp
  Now now();
  void feed(Event event);
  void turn();
  void carry_out(const Command& command);
  void arm();
  void on_timer();
  void publish(const PublicEvent& event);
  void store(Ticket ticket, std::vector<StoreWrite> writes);
  /// What the shell itself keeps durable (marks, keys, floor): tried again until it is.
  void store_own(std::vector<StoreWrite> writes);

  // gate_start.cpp
  [[nodiscard]] Status open_store();
  [[nodiscard]] Status open_link();
  [[nodiscard]] Status open_devices();
  void tell_damage(const DamageReport& damage);
  void store_damaged(const std::string& why);
  void store_reopened(const DamageReport& damage);
  void open_outputs();
  void await_outputs(MonoTime until, std::function<void()> done);

  // gate_api.cpp
  [[nodiscard]] Status open_api(StartWith with);
  [[nodiscard]] Status try_api(bool on_network);
  void watch_api();
  [[nodiscard]] std::string stamp_of_api_files() const;

  // gate_trace.cpp
  [[nodiscard]] trace::Origin origin() const;
  /// Of a broken invariant the trace is kept in the state folder.
  void keep_trace_of(const PublicEvent& event);

  // gate_watch.cpp: faults found outside the controller
  void watch();
  void watch_clock();
  void watch_queue(const QueueStatus& status);
  void watch_certificates();
  void set_fault(FaultCode code, bool active, std::string advice, std::optional<Severity> severity = std::nullopt);

  // BackendObserver
  void on_answer(QuestionId question, const ConfirmAnswer& answer) override;
  void on_connected(bool connected, const std::optional<Error>& why) override;
  void on_stream(bool stands) override;
  void on_stream_event(const StreamEvent& event, const std::string& id) override;
  void on_pass_keys(const std::vector<PassKey>& keys) override;
  void on_date(WallTime date) override;
  void on_credentials_refused(const std::string& detail) override;
  void on_credentials_accepted() override;
  void on_protocol_error(const std::string& detail) override;

  boost::asio::io_context& loop_;
  std::shared_ptr<const config::StoreConfig> config_;
  std::shared_ptr<const config::StoreConfig> next_config_;  ///< waits for lanes that may restart
  Folders folders_;
  runtime::RandomIds ids_;
  trace::Recorder recorder_{ids_};
  TraceOutput trace_output_;
  GateClock clock_;
  bool kernel_synchronised_ = false;
  MonoTime kernel_asked_at_{};
  std::optional<WallTime> floor_stored_;

  api::Metrics metrics_;
  std::unique_ptr<ReopeningStore> store_;
  LoadedState loaded_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<beacon::Radio> radio_;
  std::unique_ptr<BackendLink> link_;
  std::unique_ptr<Devices> devices_;
  std::unique_ptr<runtime::LoopTimer> drain_timer_;
  std::unique_ptr<Drainer> drainer_;
  std::unique_ptr<api::ControlApi> api_;
  runtime::LoopTimer timer_;
  runtime::LoopTimer watch_timer_;
  runtime::LoopTimer stop_timer_;

  std::deque<Event> waiting_;
  std::deque<std::vector<StoreWrite>> unwritten_;  ///< of store_own, in order
  bool turning_now_ = false;
  bool stopping_ = false;
  bool network_missing_ = false;  ///< `[api] listen` could not be had
  MonoTime network_due_{};        ///< when it is tried again; kNever: by a reload only
  std::string api_files_;         ///< stamp of the certificate and key that the API uses
  CertificateWatch certificates_;
  MonoTime certificates_due_{};
  std::uint64_t next_request_ = 1;
  struct PendingCommand {
    std::optional<LaneId> lane;
    std::function<void(CommandOutcome)> done;
  };
  std::map<std::uint64_t, PendingCommand> commands_;
  std::map<FaultCode, std::optional<std::string>> told_;  ///< the advice of those that stand
  MonoTime date_wanted_at_{};
  std::function<void(std::shared_ptr<const config::StoreConfig>)> restart_;
  std::function<void()> ready_;
};

}  // namespace exitgate::daemon
