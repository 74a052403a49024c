// One box of a store under virtual time: the controller, its disk, its upload, its wire to the backend and its gate
// hardware. It dies and comes back. Ownership: refers to the world's agenda, dice, store and oracle. Thread: one.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/gate_clock.hpp"
#include "core/controller.hpp"
#include "receipts/drainer.hpp"
#include "tools/sim/agenda.hpp"
#include "tools/sim/drain_ports.hpp"
#include "tools/sim/durable_truth.hpp"
#include "tools/sim/options.hpp"
#include "tools/sim/oracle.hpp"
#include "tools/sim/timed_store.hpp"
#include "trace/recorder.hpp"

namespace exitgate::sim {

enum class Eye : std::uint8_t { kApproach, kSafety, kExit, kLimitOpen, kLimitClosed, kPassage, kRelease, kStaffKey };
inline constexpr int kEyes = 8;
enum class EyeFault : std::uint8_t { kNone, kStuckActive, kStuckClear };

struct LaneKind {
  LaneMode mode = LaneMode::kCart;
  bool limits = true;
  bool pulse = false;
};

/// What the boxes of a world share.
struct Surroundings {
  Agenda& agenda;
  Dice& dice;
  StoreModel& store;
  Oracle& oracle;
  Report& report;
  const Options& options;
};

/// What is wrong with a disk.
enum class DiskTrouble : std::uint8_t { kNone, kSlow, kFails, kErrs, kSyncErrs, kReadErrs, kFull };
inline constexpr int kDiskTroubles = 6;

/// The wire as it is now.
struct Weather {
  bool backend_down = false;
  double answer_lost = 0;
  double answer_late = 0;
  double answer_doubled = 0;
  double upload_reply_lost = 0;
  double upload_busy = 0;
  double stream_doubled = 0;
  bool stream_slow = false;
  double beacon_lost = 0;
  bool cross_talk = false;
};

class Box final : public IdSource {
 public:
  Box(Surroundings around, std::size_t index, std::vector<LaneKind> lanes);

  // --- power ---
  void start();
  void die(bool power_cut);
  [[nodiscard]] bool alive() const { return controller_ != nullptr; }

  // --- the world acts ---
  void see(std::size_t lane, Eye eye, bool active);
  void eye_fault(std::size_t lane, Eye eye, EyeFault fault);
  void device(bool answers);
  /// It answers no more, and nobody says so.
  void hang(bool on);
  void fire(bool active);
  void hear(std::size_t receiver, const Session& session, BeaconState state, int rssi_dbm);
  void hear_pass(const Session& session);
  /// A cart whose clock is wrong is heard near a lane for a while.
  void clock_notice(std::size_t lane, Duration span);
  void receiver(std::size_t lane, bool up);
  void staff(StaffVerb verb, std::optional<std::size_t> lane, std::optional<LaneMode> mode = {});
  void reload();
  void connect(bool up);
  void disk_trouble(DiskTrouble trouble);
  /// The backend has forgotten where the stream stood.
  void reset_stream();
  /// Tells the box what the stream holds for it.
  void pump_stream();

  void set_clock(milliseconds offset, bool synchronised) {
    clock_offset_ = offset;
    clock_synchronised_ = synchronised;
  }
  OfflinePolicyConfig policy;
  Weather weather;
  /// Told when a lane's barrier reached its end, or its light changed.
  std::function<void(std::size_t lane)> moved;

  // --- what is seen of it ---
  [[nodiscard]] bool stands_open(std::size_t lane) const { return lanes_[lane].position >= 1; }
  [[nodiscard]] bool green(std::size_t lane) const;
  [[nodiscard]] bool red(std::size_t lane) const;
  [[nodiscard]] LaneMode mode(std::size_t lane) const {
    return alive() ? controller_->lanes()[lane].mode() : kinds_[lane].mode;
  }
  /// It says so of itself.
  [[nodiscard]] bool faulted(std::size_t lane) const {
    return alive() && controller_->lanes()[lane].phase() == Phase::kFaulted;
  }
  /// What was done since may not be on the disk.
  [[nodiscard]] MonoTime unsafe_since() const;
  [[nodiscard]] std::string name() const { return gate_name(index_); }
  [[nodiscard]] const std::vector<LaneKind>& kinds() const { return kinds_; }
  [[nodiscard]] bool quiet() const { return !alive() || controller_->all_idle(); }
  /// Why it is not as it should be in a calm; empty: it is.
  [[nodiscard]] std::string unrest() const;
  [[nodiscard]] MonoTime deadline() const { return alive() ? controller_->next_deadline() : kNever; }
  void on_deadline();
  [[nodiscard]] WallTime true_wall() const;
  [[nodiscard]] const DiskCounts& disk_counts() const { return disk_.counts(); }

  /// Writes down what happens in the world, where somebody reads it.
  void say(const std::string& text) {
    if (around_.options.trace) note(text);
  }

  std::vector<std::string> trace;
  /// With Options::trace: what the controller did in its last lives.
  [[nodiscard]] std::vector<exitgate::trace::Recording> recordings() const;

 private:
  struct LaneHardware {
    std::array<bool, kEyes> truth{};
    std::array<EyeFault, kEyes> fault{};
    double position = 0;
    bool closing = true;
    MonoTime moved_at{};
    std::uint64_t motion = 0;
  };
  Uuid next(WallTime at) override;
  [[nodiscard]] Now now() const;
  [[nodiscard]] GateConfig make_config() const;
  void feed(const Event& event);
  void step(const Event& event);
  void carry_out(const Command& command);
  void judge_itself(const PublicEvent& event);
  void write(const WriteOutput& write);
  void read_outputs();
  void ask(const Ask& ask);
  void persist(const Persist& persist);
  void persisted(const Persist& persist, const Status& status);
  /// The drainer, and what the daemon's watch does with the queue.
  void serve_queue();
  void tell_queue(const QueueStatus& status);
  void housekeep();

  // --- box_disk.cpp: power, as the disk sees it ---
  /// False: the database can't be opened now.
  [[nodiscard]] bool open_disk(LoadedState& loaded);
  [[nodiscard]] bool open_once(LoadedState& loaded);
  void judge_disk(Outbox& outbox, const LoadedState& found);
  void close_disk(bool power_cut);

  void upload(const std::vector<std::string>& jsons, UploadLink::Done done);
  void keepalive(std::uint64_t connection);
  void deliver(const StreamEvent& event, const std::string& id);
  void watch_alarms();
  void poll_changes(std::vector<PointLevel> changes);
  void publish_eye(std::size_t lane, Eye eye);
  [[nodiscard]] bool level(std::size_t lane, Eye eye) const;
  [[nodiscard]] std::vector<PointLevel> all_levels() const;
  void drive(std::size_t lane, bool closing);
  void settle_position(std::size_t lane);
  void note(const std::string& text);
  /// Carries `action` out later, unless the box has died meanwhile.
  void later(Duration span, std::function<void()> action);

  Surroundings around_;
  std::size_t index_;
  std::vector<LaneKind> kinds_;
  std::vector<LaneHardware> lanes_;
  std::map<PointId, bool> coils_;
  std::unique_ptr<exitgate::trace::Recorder> recorder_;  ///< this life's
  exitgate::trace::Recording last_life_;
  std::unique_ptr<Controller> controller_;
  FaultyDisk disk_;
  DiskTrouble disk_trouble_ = DiskTrouble::kNone;
  std::uint64_t reserve_bytes_ = 0;
  std::unique_ptr<TimedStore> store_;
  AgendaTimer drain_timer_;
  UploadLink upload_link_;
  std::unique_ptr<Drainer> drainer_;
  DurableTruth truth_;
  std::vector<DurableTruth::Writes> in_flight_at_death_;
  bool power_cut_ = false;
  Ticket newest_ticket_ = 0;
  std::set<Ticket> refused_;  ///< and not yet written
  int unanswered_ = 0;        ///< submitted
  bool storage_low_ = false;
  std::uint64_t life_ = 0;
  std::uint64_t ids_ = 0;
  Uuid boot_id_;
  milliseconds clock_offset_{0};
  bool clock_synchronised_ = true;
  mutable GateClock clock_{ClockTrust::kKernel};
  bool device_answers_ = true;
  bool device_up_ = false;
  bool hanging_ = false;
  bool fire_ = false;
  MonoTime polled_at_{};
  std::size_t stream_at_ = 0;
  bool stream_busy_ = false;
  bool connected_ = false;
  std::uint64_t connection_ = 0;
  std::map<Ticket, MonoTime> unwritten_;  ///< asked for and not said to be on the disk yet
  std::optional<ConfirmAnswer> held_answer_;
};

}  // namespace exitgate::sim
