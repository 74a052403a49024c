// One box of a store under virtual time: the controller, its disk, its upload, its wire to the backend, its radio and
// its gate hardware. It dies and comes back. Ownership: refers to the world's agenda, dice, store and oracle. Thread:
// one.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/gate_clock.hpp"
#include "beacon/radio.hpp"
#include "core/controller.hpp"
#include "receipts/drainer.hpp"
#include "tools/sim/agenda.hpp"
#include "tools/sim/box_file.hpp"
#include "tools/sim/drain_ports.hpp"
#include "tools/sim/durable_truth.hpp"
#include "tools/sim/options.hpp"
#include "tools/sim/oracle.hpp"
#include "tools/sim/points.hpp"
#include "tools/sim/store_door.hpp"
#include "tools/sim/timed_store.hpp"
#include "tools/sim/transmitters.hpp"
#include "tools/sim/virtual_link.hpp"
#include "trace/recorder.hpp"

namespace exitgate::sim {

enum class EyeFault : std::uint8_t { kNone, kStuckActive, kStuckClear };

/// What the boxes of a world share.
struct Surroundings {
  Agenda& agenda;
  Dice& dice;
  StoreModel& store;
  Transmitters& air;
  Oracle& oracle;
  Report& report;
  const Options& options;
};

/// What is wrong with a disk.
enum class DiskTrouble : std::uint8_t { kNone, kSlow, kFails, kErrs, kSyncErrs, kReadErrs, kFull };
inline constexpr int kDiskTroubles = 6;
/// What the age of a frame may be.
inline constexpr milliseconds kFrameWindow = std::chrono::seconds{30};

class Box final : public IdSource, private BackendObserver {
 public:
  Box(Surroundings around, std::size_t index, BoxFile file);

  // --- power ---
  void start();
  void die(bool power_cut);
  [[nodiscard]] bool alive() const { return controller_ != nullptr; }

  // --- the world acts ---
  void see(std::size_t lane, Eye eye, bool active);
  void eye_fault(std::size_t lane, Eye eye, EyeFault fault);
  void module(std::size_t module, bool answers);
  /// It answers no more, and nobody says so.
  void hang(std::size_t module, bool on);
  void fire(bool active);
  /// A frame of this session's cart, `sent` by the cart's clock, at a lane's receiver. False: it was lost.
  bool hear(std::size_t lane, const Session& session, BeaconState state, int rssi_dbm, WallTime sent,
            Sham sham = Sham::kNone);
  void hear_pass(std::size_t lane, const Session& session, bool forged = false);
  void receiver(std::size_t lane, bool up);
  void staff(StaffVerb verb, std::optional<std::size_t> lane, std::optional<LaneMode> mode = {});
  /// The installer changes the store file, and has it taken over.
  void reload();
  void backend_away(Outage outage);
  void disk_trouble(DiskTrouble trouble);
  /// Staff send again what is in quarantine.
  void send_again();
  /// The backend has forgotten where the stream stood.
  void reset_stream();
  void cut_stream();
  void mute_stream();
  /// The stream has something new to tell.
  void pump_stream();

  void set_clock(milliseconds offset, bool synchronised) {
    clock_offset_ = offset;
    clock_synchronised_ = synchronised;
    if (synchronised && offset > kFrameWindow) floor_ahead_ = true;
  }
  Weather weather;
  /// Told when a lane's barrier reached its end, or its light changed.
  std::function<void(std::size_t lane)> moved;

  // --- what is seen of it ---
  [[nodiscard]] bool stands_open(std::size_t lane) const { return lanes_[lane].position >= 1; }
  [[nodiscard]] bool green(std::size_t lane) const;
  [[nodiscard]] bool red(std::size_t lane) const;
  [[nodiscard]] LaneMode mode(std::size_t lane) const {
    return alive() ? controller_->lanes()[lane].mode() : file_.lanes[lane].mode;
  }
  /// It says so of itself.
  [[nodiscard]] bool shows(std::size_t lane, Phase phase) const {
    return alive() && controller_->lanes()[lane].phase() == phase;
  }
  /// What was done since may not be on the disk.
  [[nodiscard]] MonoTime unsafe_since() const;
  /// What the shell itself gave to the disk since (marks, keys) may not be there.
  [[nodiscard]] MonoTime own_unsafe_since() const;
  [[nodiscard]] std::string name() const { return gate_name(index_); }
  [[nodiscard]] const BoxFile& file() const { return file_; }
  [[nodiscard]] const std::vector<LaneKind>& kinds() const { return file_.lanes; }
  [[nodiscard]] std::size_t receiver_of(std::size_t lane) const { return file_.receiver_of(lane); }
  /// A passage of a cart may be counted this much later than its last blockage ended.
  [[nodiscard]] Duration longest_join_gap() const;
  /// At rest, and no level that changed is still being debounced or may still become a passage.
  static constexpr Duration kSettled = std::chrono::seconds{7};  ///< the longest join gap twice
  [[nodiscard]] bool quiet() const {
    if (!alive()) return true;
    // After a pause several modules are heard one after the other, and the last of them would seem lost.
    return modules_.size() == 1 && controller_->all_idle() && around_.agenda.now() - changed_at_ > kSettled;
  }
  /// Why it is not as it should be in a calm; empty: it is.
  [[nodiscard]] std::string unrest() const;
  [[nodiscard]] MonoTime deadline() const;
  void on_deadline();
  [[nodiscard]] WallTime true_wall() const;
  [[nodiscard]] const DiskCounts& disk_counts() const { return disk_.counts(); }

  /// Writes down what happens in the world, where somebody reads it.
  void say(const std::string& text) {
    if (around_.options.trace) note(text);
  }

  std::deque<std::string> trace;
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
  struct Module {
    bool answers = true;
    bool up = false;
    bool hanging = false;
    std::uint64_t silences = 0;
    MonoTime polled_at{};
  };
  Uuid next(WallTime at) override;
  /// The clock as of now.
  const ClockView& read_clock() const;
  [[nodiscard]] Now now() const;
  void feed(const Event& event);
  void step(const Event& event);
  void carry_out(const Command& command);
  void judge_itself(const PublicEvent& event);
  void write(const WriteOutput& write);
  void read_outputs(DeviceId device);
  void ask(const Ask& ask);
  void persist(const Persist& persist);
  void persisted(const Persist& persist, const Status& status);
  void judge_order_written(const Persist& written);
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

  // --- box_wire.cpp: the radio, and the link's observer ---
  void open_wire(const LoadedState& loaded);
  void on_advert(std::size_t receiver, int rssi_dbm, const Bytes& data);
  /// What the daemon's shell looks after now and then: its clock, what it keeps durable itself.
  void watch();
  void store_own(std::vector<StoreWrite> writes);
  /// Gives to the disk what was first given at that time.
  void store_own(std::vector<StoreWrite> writes, MonoTime first);
  void on_answer(QuestionId question, const ConfirmAnswer& answer) override;
  void on_connected(bool connected, const std::optional<Error>& why) override;
  void on_stream(bool stands) override;
  void on_stream_event(const StreamEvent& event, const std::string& id) override;
  void judge_order(const StreamEvent& event, const std::string& id);
  void on_pass_keys(const std::vector<PassKey>& keys) override;
  void on_date(WallTime date) override {
    clock_.backend_date(date);
    if (clock_offset_ <= kFrameWindow) floor_ahead_ = false;
  }
  void on_credentials_refused(const std::string& detail) override;
  void on_credentials_accepted() override;
  void on_protocol_error(const std::string& detail) override;

  void watch_alarms();
  [[nodiscard]] bool alarm_read(std::size_t lane) const;
  [[nodiscard]] bool reads(std::size_t module) const {
    return alive() && modules_[module].up && modules_[module].answers;
  }
  void poll(std::size_t module, std::vector<PointLevel> changes);
  /// Those that answer and were not polled for a while; whether there were any.
  bool poll_due();
  void drop_outputs(std::size_t module);
  void silent(std::size_t module);
  void publish_eye(std::size_t lane, Eye eye);
  [[nodiscard]] bool level(std::size_t lane, Eye eye) const;
  [[nodiscard]] std::vector<PointLevel> all_levels(std::size_t module) const;
  void drive(std::size_t lane, bool closing);
  void settle_position(std::size_t lane);
  void note(const std::string& text);
  /// Carries `action` out later, unless the box has died meanwhile.
  void later(Duration span, std::function<void()> action);

  Surroundings around_;
  std::size_t index_;
  BoxFile file_;
  std::vector<LaneHardware> lanes_;
  std::vector<Module> modules_;
  std::map<PointId, bool> coils_;
  std::unique_ptr<exitgate::trace::Recorder> recorder_;  ///< this life's
  exitgate::trace::Recording last_life_;
  std::unique_ptr<Controller> controller_;
  FaultyDisk disk_;
  DiskTrouble disk_trouble_ = DiskTrouble::kNone;
  std::uint64_t reserve_bytes_ = 0;
  std::unique_ptr<TimedStore> store_;
  AgendaTimer drain_timer_;
  StoreDoor door_;
  UploadJudge uploads_;
  std::unique_ptr<VirtualLink> link_;
  std::unique_ptr<beacon::Radio> radio_;
  std::unique_ptr<Drainer> drainer_;
  DurableTruth truth_;
  std::vector<DurableTruth::Writes> in_flight_at_death_;
  bool power_cut_ = false;
  Ticket newest_ticket_ = 0;
  std::map<Ticket, bool> refused_;  ///< and not yet written; whether it names a receipt
  bool rewriting_owed_ = false;     ///< for what was dropped
  int unanswered_ = 0;              ///< submitted
  bool storage_low_ = false;
  std::uint64_t life_ = 0;
  std::uint64_t ids_ = 0;
  Uuid boot_id_;
  milliseconds clock_offset_{0};
  bool clock_synchronised_ = true;
  /// The clock ran ahead and no Date of the backend has come since: frames are judged against a time to come.
  bool floor_ahead_ = false;
  mutable GateClock clock_{ClockTrust::kKernel};
  bool fire_ = false;
  std::uint64_t alarm_watch_ = 0;  ///< the newest look at the alarms
  MonoTime changed_at_{};          ///< a level
  bool credentials_told_ = false;
  std::size_t told_up_to_ = 0;  ///< of the stream
  struct Asked {
    ConfirmRequest request;
    MonoTime at{};
  };
  std::map<QuestionId, Asked> asked_;
  std::optional<WallTime> floor_stored_;
  std::vector<std::pair<std::vector<StoreWrite>, MonoTime>> own_unwritten_;
  std::map<std::uint64_t, MonoTime> own_unanswered_;  ///< what the shell keeps durable and is not said to be yet
  std::uint64_t own_newest_ = 0;
  std::optional<MonoTime> behind_since_;  ///< the disk refused something, and not all is written since
  std::map<Ticket, MonoTime> unwritten_;  ///< asked for and not said to be on the disk yet
  std::optional<ConfirmAnswer> held_answer_;
};

}  // namespace exitgate::sim
