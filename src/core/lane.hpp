// One lane: the state machine of the lane contract. Levels, quality, answers and time go in; outputs, questions,
// durable records and events come out through the GateState. It never blocks, reads no clock and allocates only bounded
// lists.
//
// How it runs: update() is called in every step and after every change until nothing moves any more. All conditions are
// levels and times since, so a missed call only delays; whatever time is waited for is asked of the Wake, which thereby
// knows when the lane must run again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lane_outputs.hpp"
#include "core/lane_state.hpp"
#include "core/passage_counter.hpp"
#include "core/verdict.hpp"

namespace exitgate {

class Lane {
 public:
  Lane(const GateConfig& config, LaneIndex index, const LaneDurable* kept, const Now& start);

  /// Runs until nothing moves. The lane's whole behaviour; see lane_*.cpp.
  void update(GateState& gate, Wake& wake);
  void on_answer(GateState& gate, const Question& question, const ConfirmAnswer& answer, Wake& wake);
  void on_outputs_read(GateState& gate, const PointLevel& level, const Now& now);
  /// When the lane must run again for it; nothing: another lane's.
  std::optional<MonoTime> on_output_written(const OutputWritten& written, const Now& now) {
    return outputs_.on_written(written, now);
  }
  void on_device(DeviceId device) { outputs_.on_device_lost(device); }
  Status command(GateState& gate, const StaffCommand& command, Wake& wake);
  /// Takes a new configuration if idle and empty; false: not now.
  bool reconfigure(const GateConfig& config, LaneIndex index);
  /// Whether its configuration is a part of that one.
  [[nodiscard]] bool goes_by(const GateConfig& config) const {
    return index_ < config.lanes.size() && config_ == &config.lanes[index_];
  }
  /// Nobody leaves on it: the backend may let it be claimed by others.
  void give_back(GateState& gate, const SessionName& session, Wake& wake) { send_lapsed({gate, wake}, session); }
  /// Faults the lane, open, until a named reset.
  void invariant_violated(GateState& gate, const std::string& what, const Now& now);

  [[nodiscard]] Phase phase() const;
  [[nodiscard]] LaneStatus status(const GateState& gate) const;
  [[nodiscard]] LaneView view(const GateState& gate, Wake& wake) const;
  [[nodiscard]] const LaneConfig& config() const { return *config_; }
  [[nodiscard]] LaneMode mode() const { return durable_.mode; }
  [[nodiscard]] const LaneDurable& durable() const { return durable_; }
  [[nodiscard]] const LaneEyes& eyes() const { return eyes_; }
  [[nodiscard]] const LaneOutputs& outputs() const { return outputs_; }
  [[nodiscard]] const std::vector<Authorisation>& authorisations() const { return auths_; }
  /// How many there have been since the start.
  [[nodiscard]] std::uint64_t authorisations_ever() const { return authorisations_ever_; }
  [[nodiscard]] const LanePhase& lane_phase() const { return phase_; }
  [[nodiscard]] const std::optional<Shopper>& shopper() const { return shopper_; }
  [[nodiscard]] const std::string& part() const { return part_; }
  [[nodiscard]] bool down() const { return std::holds_alternative<Faulted>(phase_); }
  [[nodiscard]] bool fire_or_release() const { return must_release_; }
  [[nodiscard]] LaneIndex index() const { return index_; }
  /// A restart of the program takes nothing from anybody here: idle and empty, or in an override that is found again
  /// by its cause or durable state, with nobody seen inside and nobody let through who has not gone.
  [[nodiscard]] bool may_restart() const;
  /// Somebody is leaving and not counted yet.
  [[nodiscard]] bool counting() const { return counter_.pending(); }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.config_, self.index_, self.part_, self.durable_, self.outputs_, self.eyes_, self.counter_, self.phase_,
          self.phase_since_, self.phase_since_wall_, self.announced_, self.announced_reason_, self.announced_once_,
          self.shopper_, self.presences_, self.auths_, self.authorisations_ever_, self.admitted_while_blocked_,
          self.must_release_, self.key_hold_, self.device_lost_, self.fire_lost_, self.limits_bad_, self.eye_stuck_,
          self.violated_, self.storage_hold_, self.limits_contradict_since_, self.clear_since_, self.all_clear_since_,
          self.safety_blocked_since_, self.exit_blocked_since_, self.approach_since_, self.approach_clear_since_,
          self.closed_at_, self.found_closed_, self.loitering_told_, self.intrusion_told_, self.forced_,
          self.forced_suspected_, self.forced_proven_, self.was_closed_, self.obstructions_, self.closing_failures_,
          self.buzz_until_);
  }

 private:
  struct Step {
    GateState& gate;
    Wake& wake;
  };

  // lane.cpp: the turn
  void read_eyes(Step step);
  bool advance(Step step);
  template <class P>
  void enter(Step step, P phase);
  void announce(Step step);
  void show_signals(Step step);
  [[nodiscard]] bool inside_clear_for(Step step, Duration span) const;
  [[nodiscard]] MonoTime inside_clear_since() const;
  void watch_people(Step step);
  void save(Step step);

  // lane_overrides.cpp
  void find_faults(Step step);
  [[nodiscard]] bool override_due(Step step);
  bool run(Step step, Released& phase);
  bool run(Step step, HeldOpen& phase);
  bool run(Step step, Faulted& phase);
  bool run(Step step, OutOfService& phase);
  bool run(Step step, Recovering& phase);
  void close_out_of_service(Step step, OutOfService& phase);
  /// A gate with its own unit, out of service: who was admitted may still go through, and is sealed then.
  void end_of_admitted(Step step);
  void clear_for_override(Step step);
  [[nodiscard]] Status not_to_be_opened() const;
  [[nodiscard]] bool release_inputs_read(const GateState& gate, Wake& wake) const;
  void begin_override(Step step, ReceiptKind kind, Basis basis);
  [[nodiscard]] bool faulty() const {
    return device_lost_ || fire_lost_ || limits_bad_ || eye_stuck_ || durable_.stuck_travel || violated_ ||
           storage_hold_;
  }

  // lane_barrier.cpp
  bool run(Step step, Closed& phase);
  bool run(Step step, Admitting& phase);
  bool run(Step step, Passing& phase);
  void open_barrier(Step step);
  void note_forced(Step step);
  [[nodiscard]] bool forced_open(Step step);
  [[nodiscard]] bool opened(Step step) const;
  [[nodiscard]] bool second_cart_here(Step step, const Authorisation& auth);
  [[nodiscard]] bool not_used_due(Step step, bool& still_standing);
  bool end_not_used(Step step, bool still_standing);

  // lane_closing.cpp
  bool run(Step step, Clearing& phase);
  bool run(Step step, Closing& phase);
  bool try_close(Step step);
  /// Commands it closed; the caller has made sure of S1.
  void close_barrier(Step step);
  /// Commanded closed and not known to be there yet.
  [[nodiscard]] bool travelling_closed(Step step) const;
  [[nodiscard]] bool arrived_closed(bool time_over) const;
  /// S8 outside the phase closing.
  bool reopen_for_somebody(Step step);
  void reopen_obstructed(Step step);
  void note_obstructed(Step step);
  /// Opens, and returns when to try again.
  [[nodiscard]] MonoTime closing_failed(Step step);
  void barrier_is_closed(Step step);
  void now_closed(Step step);

  // lane_carts.cpp
  void look_for_cart(Step step);
  [[nodiscard]] std::vector<Candidate> worthy_candidates(Step step);
  [[nodiscard]] bool carries_session(Step step, const Candidate& cart) const;
  [[nodiscard]] bool mistimed_cart_here(Step step) const;
  [[nodiscard]] bool cart_has_gone(Step step);
  void bind(Step step, const Candidate& cart, bool rivalled);
  void reset_identity();

  // lane_shopper.cpp
  void run_shopper(Step step);
  void leave_unanswered(Step step);
  void keep_answer(Step step);
  void ask(Step step);
  void ask_ahead(Step step);
  [[nodiscard]] Evidence evidence(Step step);
  bool judge(Step step);
  void refuse(Step step, const VerdictRefuse& verdict);
  [[nodiscard]] bool may_take_next() const;
  [[nodiscard]] bool shopper_here() const { return shopper_ && eyes_.approach_blocked() && eyes_.approach.readable; }

  // lane_receipts.cpp
  Authorisation& authorise(Step step, Receipt receipt, std::optional<EntryIndex> entry, std::uint16_t party,
                           std::vector<StoreWrite> with = {});
  void admit(Step step, const VerdictAdmit& verdict);
  void admit_staff(Step step, const std::string& by, const std::string& reason);
  [[nodiscard]] Receipt new_receipt(Step step, ReceiptKind kind, std::optional<Basis> basis);
  Ticket store_open(Step step, const Authorisation& auth, bool with_ledger, std::vector<StoreWrite> with = {});
  void publish_admitted(Step step, const Authorisation& auth);
  void seal(Step step, Authorisation& auth, Outcome outcome);
  void seal_all(Step step, bool override_takes_over);
  void seal_complete(Step step);
  void seal_unpassed(Step step);
  static void describe(const Receipt& receipt, std::vector<std::pair<std::string_view, FieldValue>>& fields);

  // lane_passages.cpp
  void count_passages(Step step);
  void passage(Step step);
  [[nodiscard]] int capacity(const Step& step, const Authorisation& auth) const;
  [[nodiscard]] bool party_left(const Step& step) const;
  void note_tailgate(Step step, Receipt& receipt);
  void judge_cart_still_here(Step step);
  [[nodiscard]] bool still_here_possible(Step step, const Authorisation& auth) const;
  /// So soon after its passage that it is not known yet.
  [[nodiscard]] bool still_here_open(Step step, const Authorisation& auth) const;
  void turn_unauthorised(Step step, Authorisation& auth, Flag why);

  // lane_answers.cpp
  void on_admitted_answer(Step step, Authorisation& auth, const Question& question, const ConfirmAnswer& answer);
  void send_admitted(Step step, const Authorisation& auth);
  void send_lapsed(Step step, const SessionName& session);
  /// For the controller to give back, unless whoever it was claimed for leaves on it.
  void keep_claim(Step step, const SessionName& session, std::uint64_t presence);

  [[nodiscard]] Authorisation* newest() { return auths_.empty() ? nullptr : &auths_.back(); }
  void alarm(Step step, std::string_view name, std::vector<std::pair<std::string_view, FieldValue>> more = {});
  void buzz(Step step) { buzz_until_ = step.wake.mono() + std::chrono::seconds{1}; }

  const LaneConfig* config_;
  LaneIndex index_ = 0;
  std::string part_;  ///< as faults name it
  LaneDurable durable_;
  LaneOutputs outputs_;
  LaneEyes eyes_;
  PassageCounter counter_;

  LanePhase phase_ = Recovering{.from_start = true, .blocked_since = {}};
  MonoTime phase_since_{};
  WallTime phase_since_wall_{};
  Phase announced_ = Phase::kRecovering;
  std::optional<std::string> announced_reason_;
  bool announced_once_ = false;

  std::optional<Shopper> shopper_;
  std::uint64_t presences_ = 0;
  std::vector<Authorisation> auths_;  ///< oldest first
  std::uint64_t authorisations_ever_ = 0;
  bool admitted_while_blocked_ = false;  ///< the shopper at the approach is the one admitted last

  bool must_release_ = false;
  bool key_hold_ = false;
  bool device_lost_ = false;
  bool fire_lost_ = false;
  bool limits_bad_ = false;
  bool eye_stuck_ = false;
  bool violated_ = false;
  bool storage_hold_ = false;
  std::optional<MonoTime> limits_contradict_since_;
  std::optional<MonoTime> clear_since_;      ///< safety and exit both clear since
  std::optional<MonoTime> all_clear_since_;  ///< approach too
  std::optional<MonoTime> safety_blocked_since_;
  std::optional<MonoTime> exit_blocked_since_;
  std::optional<MonoTime> approach_since_;  ///< blocked since
  std::optional<MonoTime> approach_clear_since_;
  std::optional<MonoTime> closed_at_;  ///< when it was commanded closed, until it is commanded open
  bool found_closed_ = false;          ///< by whoever was before this start
  bool loitering_told_ = false;
  bool intrusion_told_ = false;
  bool forced_ = false;
  std::optional<MonoTime> forced_suspected_;  ///< it left closed; its output is being read
  bool forced_proven_ = false;                ///< and is commanded closed still
  bool was_closed_ = false;                   ///< the limit said closed while commanded closed
  std::vector<MonoTime> obstructions_;        ///< of the last 60 s
  int closing_failures_ = 0;
  std::optional<MonoTime> buzz_until_;
};

}  // namespace exitgate
