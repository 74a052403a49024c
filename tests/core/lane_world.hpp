// A box under virtual time: one controller, a barrier that takes time to travel, a disk that answers, a backend that is
// scripted. The world runs in turns of 10 ms (a poll of all inputs); every command of the controller takes effect in
// it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/controller.hpp"
#include "known_sessions.hpp"

namespace exitgate::test {

/// Ids that count up.
class CountingIds final : public IdSource {
 public:
  Uuid next(WallTime at) override;

 private:
  std::uint64_t next_ = 1;
};

/// Points of lane 0 in the world's configuration; lane n adds n × 20.
enum Point : PointId {
  kApproach,
  kSafety,
  kExit,
  kLimitOpen,
  kLimitClosed,
  kRelease,
  kStaffKey,
  kPassageContact,
  kBarrier = 10,
  kGreen,
  kRed,
  kBuzzer,
  kPulse,
  kHold,
  kFire = 900,
  kAlive = 901,
  kHealthy = 902
};
inline constexpr PointId kPointsPerLane = 20;
inline constexpr DeviceId kIo = 0;
/// So long, and a turn, a claim waits for whoever may be on the way to another lane.
inline constexpr Duration kClaimWaits = milliseconds{1020};

struct LaneOptions {
  LaneMode mode = LaneMode::kCart;
  bool limits = true;
  bool pulse = false;
  bool accessible = false;
};

/// One device "io1" and one receiver a lane.
GateConfig make_config(const std::vector<LaneOptions>& lanes);

class LaneWorld {
 public:
  explicit LaneWorld(std::vector<LaneOptions> lanes = {LaneOptions{}}, LoadedState loaded = {},
                     bool barrier_found_open = false, const std::function<void(GateConfig&)>& tune = {});

  // --- hardware ---
  void set(PointId point, bool active);
  void device(bool answers) { device_answers_ = answers; }
  void disk(bool answers) { disk_answers_ = answers; }
  void disk_fails(std::string code) { disk_code_ = std::move(code); }
  std::map<PointId, bool> coils;  ///< energised
  double travel_ms = 500;         ///< of the barriers
  bool barrier_jammed = false;    ///< it stays where it is
  void force_position(std::size_t lane, double open_part) { position_[lane] = open_part; }
  void contradict_limits(bool yes) { contradict_ = yes; }
  void closed_contact_sticks(bool yes) { closed_contact_stuck_ = yes; }

  // --- radio ---
  void hear(CartId cart, BeaconState state, int rssi_dbm = -60, std::size_t lane = 0, std::uint8_t tag = 1);
  /// The cart is heard at 10 Hz from now on, until silence().
  void beacon(CartId cart, BeaconState state, int rssi_dbm = -60, std::size_t lane = 0, std::uint8_t tag = 1);
  /// The same of a cart whose frames are authentic and outside their time window.
  void mistimed(CartId cart, BeaconState state, int rssi_dbm = -60, std::uint8_t tag_number = 1);
  void silence(CartId cart) {
    std::erase_if(beacons_, [&](const BeaconHeard& b) { return b.cart_id == cart; });
    std::erase_if(mistimed_, [&](const BeaconHeard& b) { return b.cart_id == cart; });
  }

  // --- backend ---
  /// Answers at once; nothing: no answer comes.
  std::function<std::optional<ConfirmAnswer>(const ConfirmRequest&)> backend;
  std::vector<ConfirmRequest> asked;
  void answer(std::size_t question_index, ConfirmAnswer answer);
  void push(StreamEvent event);

  // --- time ---
  void run(Duration span);
  /// Runs until `met` or `limit`; whether it was met.
  bool run_until(const std::function<bool()>& met, Duration limit = std::chrono::seconds{30});
  void step(const Event& event);
  [[nodiscard]] Now now() const;
  void wall_step(milliseconds by) { wall_offset_ += by; }
  std::optional<WallTime> floor;  ///< the clock is not synchronised: expiries are judged against this

  // --- what is seen ---
  [[nodiscard]] Phase phase(std::size_t lane = 0) const { return controller->lanes()[lane].phase(); }
  [[nodiscard]] std::string reason(std::size_t lane = 0) const {
    return controller->status().lanes[lane].reason.value_or("");
  }
  [[nodiscard]] bool barrier_commanded_open(std::size_t lane = 0) const;
  [[nodiscard]] bool has_fault(FaultCode code) const;
  [[nodiscard]] std::vector<std::string> alarms() const;
  /// Of the claims that were given back, in order.
  [[nodiscard]] std::vector<Uuid> sessions_given_back() const;
  Status command(StaffVerb verb, std::optional<LaneMode> mode = {}, std::string lane = "1");

  std::vector<Receipt> sealed;  ///< in order
  std::map<Uuid, Receipt> open;
  std::vector<PublicEvent> events;
  std::map<std::string, LaneDurable> lanes_stored;
  std::map<Uuid, LedgerEntry> ledger;
  std::vector<std::vector<StoreWrite>> persisted;  ///< transactions, in order
  std::vector<std::pair<MonoTime, WriteOutput>> writes;
  std::unique_ptr<Controller> controller;

  // --- what happens again and again; at the first lane where none is named ---
  /// Until the lane is idle: its start, or an exit, is over.
  void settle(std::size_t lane = 0);
  /// Cart 117, whose closure is known, is heard near the lane: session 1 with tag 1.
  void paid_cart_comes_near(std::uint16_t party = 1);
  /// Cart 117 with tag 1, whose shopper has not paid as far as it knows, comes to the first lane.
  void shopping_cart_steps_up();
  /// Somebody steps up, and the barrier is open for them.
  void opens_for_whoever_comes();
  /// The lane is idle, and opens for that cart.
  void opens_for_a_paid_cart(std::uint16_t party = 1);
  /// The approach is clear for longer than a dip.
  void go_away();
  /// The link is away, and for so long that the backend counts as offline.
  void go_offline();
  /// A person walks through: approach, safety, exit, each `each` long and overlapping.
  void walk_through(std::size_t lane = 0, Duration each = milliseconds{400});

 private:
  void carry_out(const std::vector<Command>& commands);
  void store(const StoreWrite& write);
  void move_barriers();
  void poll();

  std::vector<LaneOptions> options_;
  CountingIds ids_;
  MonoTime mono_{std::chrono::seconds{1000}};
  milliseconds wall_offset_{0};
  std::map<PointId, bool> inputs_;
  std::map<PointId, bool> reported_;
  std::map<std::size_t, double> position_;  ///< 0 closed … 1 open
  bool device_answers_ = true;
  bool device_was_up_ = false;
  bool contradict_ = false;
  bool closed_contact_stuck_ = false;
  bool disk_answers_ = true;
  std::string disk_code_;
  std::vector<Ticket> unwritten_;
  std::vector<BeaconHeard> beacons_;
  std::vector<BeaconHeard> mistimed_;
  MonoTime next_beacons_{};
  std::vector<std::pair<QuestionId, ConfirmRequest>> questions_;
  std::vector<Status> command_results_;
  int depth_ = 0;  ///< of steps that follow from steps
};

}  // namespace exitgate::test
