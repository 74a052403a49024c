// The controller of a box: all lanes and what they share. Purpose: one event and the time in, commands out.
//
// Ownership: owns its whole state; a value apart from the IdSource it is given. Thread: one (the loop's); it never
// blocks, reads no clock, starts no thread. Errors: events that name unknown points, devices or lanes are ignored.
// Timing: run step() for every event, and with a Tick when next_deadline() has come. Commands are carried out in order.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/gate_state.hpp"
#include "core/invariants.hpp"
#include "core/lane.hpp"
#include "core/state_rewrite.hpp"

namespace exitgate {

class Controller {
 public:
  /// `loaded` is the durable state as found; open receipts in it are sealed as `unknown` by the first step.
  Controller(std::shared_ptr<const GateConfig> config, const LoadedState& loaded, const Uuid& boot_id, IdSource& ids,
             const Now& start);

  /// The commands are valid until the next step.
  const std::vector<Command>& step(const Event& event, const Now& now);
  [[nodiscard]] MonoTime next_deadline() const { return next_deadline_; }

  [[nodiscard]] ControllerStatus status() const;
  [[nodiscard]] InputStatus input(PointId point, DeviceId device, MonoTime now) const {
    return gate_.inputs.status(point, device, now);
  }
  /// As commanded or found; nothing where it is not a lane's, or not known.
  [[nodiscard]] std::optional<bool> output(PointId point) const;
  [[nodiscard]] const std::vector<Lane>& lanes() const { return lanes_; }
  [[nodiscard]] const GateState& gate() const { return gate_; }
  /// Whether the last turn was in time and every device was read or its loss handled (S7).
  [[nodiscard]] bool turning() const { return turning_; }
  /// Every lane's barrier output was read or commanded, or its device found lost.
  [[nodiscard]] bool outputs_known() const;
  /// Every lane is idle with nobody in it and no receipt open.
  [[nodiscard]] bool all_idle() const;
  /// The program may start anew, with another configuration: every lane may, and nothing is only in memory.
  [[nodiscard]] bool may_restart() const;
  /// Lanes that still run on the configuration before the newest.
  [[nodiscard]] std::size_t pending_lanes() const {
    return static_cast<std::size_t>(std::count(pending_.begin(), pending_.end(), true));
  }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.gate_, self.lanes_, self.rewrite_, self.rewrite_ticket_, self.cursor_, self.stale_, self.before_,
          self.wake_at_, self.pending_, self.newest_config_, self.kept_configs_, self.next_deadline_, self.online_told_,
          self.heard_stored_, self.alive_level_, self.alive_next_, self.tidy_next_, self.device_told_up_,
          self.device_since_, self.clock_suspects_, self.clock_notices_, self.device_why_, self.shell_storage_full_,
          self.healthy_level_, self.healthy_next_, self.started_, self.late_, self.turning_);
  }

 private:
  void seal_what_was_open(const LoadedState& loaded, const Now& now);
  void apply(const Event& event, Wake& wake);
  void on(const InputsPolled& event, Wake& wake);
  void on(const OutputsRead& event, Wake& wake);
  void on(const OutputWritten& event, Wake& wake);
  void on(const DeviceUp& event, Wake& wake);
  void on(const DeviceDown& event, Wake& wake);
  void on(const BeaconHeard& event, Wake& wake);
  void on(const MistimedHeard& event, Wake& wake);
  void on(const PassHeard& event, Wake& wake);
  void on(const CartClockNotice& event, Wake& wake);
  void on(const AnswerArrived& event, Wake& wake);
  void on(const BackendConnected& event, Wake& wake);
  void on(const StreamArrived& event, Wake& wake);
  void on(const Persisted& event, Wake& wake);
  void on(const StaffCommand& event, Wake& wake);
  void on(const ShellFault& event, Wake& wake);
  void on(const StorageState& event, Wake& wake);
  void on(const Tick& event, Wake& wake);
  void on(const Reconfigure& event, Wake& wake);

  void look_at_box(Wake& wake);
  void look_at_devices(Wake& wake);
  void tell_device(DeviceId id, bool down, const Now& now);
  void look_at_backend(Wake& wake);
  void run_lanes(Wake& wake);
  void give_back_claims(Wake& wake);
  [[nodiscard]] bool claim_is_over(OwnClaim& claim, Wake& wake);
  [[nodiscard]] bool stands_somewhere(const OwnClaim& claim) const;
  void look_at_lane(std::size_t i, Wake& wake);
  void take_configuration(Wake& wake);
  void beat(Wake& wake);
  void rewrite(MonoTime now);
  void guard(Wake& wake);
  void mark_all() { stale_.assign(lanes_.size(), true); }
  void mark_receiver(DeviceId receiver);
  void command_all(const StaffCommand& command, Wake& wake);
  void note_command(const StaffCommand& command, const LaneId& lane, const Status& status, const Now& now);

  GateState gate_;
  std::vector<Lane> lanes_;
  StateRewrite rewrite_;
  Ticket rewrite_ticket_ = 0;
  std::string cursor_;             ///< of the closures stream
  std::vector<bool> stale_;        ///< lanes to run in this step
  std::vector<LaneGuard> before_;  ///< of each lane, at the beginning of this step
  std::vector<MonoTime> wake_at_;  ///< when each lane must run again
  std::vector<bool> pending_;      ///< lanes still on the old configuration
  std::shared_ptr<const GateConfig> newest_config_;
  std::vector<std::shared_ptr<const GateConfig>> kept_configs_;  ///< that lanes may still point into
  MonoTime next_deadline_{};
  bool online_told_ = true;
  std::optional<LastValidAnswer> heard_stored_;
  bool alive_level_ = false;
  MonoTime alive_next_{};
  MonoTime tidy_next_{};
  std::vector<bool> device_told_up_;
  std::vector<WallTime> device_since_;
  std::set<DeviceId> clock_suspects_;  ///< receivers that hear a cart whose clock is wrong
  std::map<CartId, CartClockNotice> clock_notices_;
  std::map<DeviceId, std::string> device_why_;
  bool shell_storage_full_ = false;
  bool healthy_level_ = false;
  MonoTime healthy_next_{};
  bool started_ = false;
  bool late_ = false;
  bool turning_ = false;
};

}  // namespace exitgate
