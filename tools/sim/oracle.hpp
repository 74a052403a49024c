// Judges a run by what the world saw: who stood where, what the barriers were told, what a box was told by the backend,
// what the disk took, what the backend holds. It knows nothing of the controller's insides. The first violation stays.
// Thread: one.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "core/backend_messages.hpp"
#include "core/event.hpp"
#include "core/persist.hpp"
#include "tools/sim/lane_people.hpp"
#include "tools/sim/store_model.hpp"

namespace exitgate::sim {

/// A lane as its hardware is. `approach` and `safety` are the levels the box was given last.
struct LaneTruth {
  bool pulse = false;
  LaneMode mode{};  ///< as it was set last
  std::size_t receiver = 0;
  bool shares = false;  ///< its receiver, with another lane
  bool approach = false;
  bool safety = false;
  bool told_closed = false;        ///< the barrier's command
  bool known = false;              ///< a command was seen since the start of the box
  double position = 0;             ///< 0 closed … 1 open
  std::optional<CartId> admitted;  ///< the cart of the newest opening for a shopper
  bool somebody = false;           ///< at the approach
  MonoTime came_at{};              ///< who stands there, or went last
  std::optional<Uuid> standing;    ///< session of who stands at the approach
  std::optional<CartId> cart;
  std::optional<CartId> parked;    ///< a cart left beside the lane
  bool parked_over = false;        ///< it is gone, but bound while who stands there stands there
  std::optional<CartId> imitated;  ///< a cart that who stands there only pretends to push
  /// When the imitated cart itself was heard with a newer frame than those replayed.
  std::optional<MonoTime> marked_at;
  MonoTime approach_at{};  ///< when it was last given as blocked
  MonoTime left_at{};      ///< when it was last given as clear for so long that whoever comes is another
  MonoTime read_at{};      ///< when its eyes were read last; long ago from when they are told to be lost
  MonoTime
      said_closed_until{};   ///< its closed contact may say so in the middle of the way, and nothing tells otherwise
  MonoTime shown_at{};       ///< when a lamp or the barrier last answered somebody
  bool reachable = true;     ///< its modules answer
  bool alarm_input = false;  ///< fire or release, from its first moment
  bool alarm = false;        ///< fire or release, longer than its debounce time
  MonoTime alarm_at{};
  bool awaits_reset = false;   ///< after it, until staff reset
  MonoTime awaits_at{};        ///< when that changed last
  bool reset_perhaps = false;  ///< a reset was given that the box may have refused
  bool held = false;           ///< staff hold it open
  MonoTime held_at{};          ///< when that changed last
  bool key = false;            ///< their key does: a hold of its own
  MonoTime key_at{};           ///< when it was turned
  bool overridden = false;     ///< the box says that it opens for no shopper
  MonoTime staff_at{};         ///< last staff command
  bool awaits_told = false;    ///< the box is dead; `awaits_reset` changed so late that its disk may know or not
  bool held_told = false;      ///< likewise of `held`
  void await_reset(bool awaits, MonoTime now) {
    if (awaits_reset != awaits) awaits_at = now;
    awaits_reset = awaits;
  }
  void hold(bool holds, MonoTime now) {
    if (held != holds) held_at = now;
    held = holds;
  }
};

class Oracle {
 public:
  Oracle(StoreModel& store, std::size_t boxes, std::size_t lanes);

  [[nodiscard]] LaneTruth& lane(std::size_t box, std::size_t lane) { return lanes_[box][lane]; }

  // --- what happened in the world ---
  void alarm(std::size_t box, std::size_t lane, bool stands, MonoTime now);
  [[nodiscard]] LanePeople& people(std::size_t box, std::size_t lane) { return people_[box][lane]; }
  /// Eyes could not be read, or lied: who passed then may have been missed, or `phantoms` seen that nobody was.
  void blind(std::size_t box, std::optional<std::size_t> lane, MonoTime from, MonoTime to, std::int64_t phantoms);
  /// Anything out of the ordinary at this lane (or all): shoppers may wait longer.
  void trouble(std::size_t box, std::optional<std::size_t> lane, MonoTime until);
  [[nodiscard]] bool untroubled(std::size_t box, std::size_t lane, MonoTime since) const {
    return troubled_until_[box][lane] < since;
  }
  void backend_trouble(std::size_t box, MonoTime from, MonoTime until) {
    backend_bad_until_[box] = std::max(until, backend_bad_until_[box]);
    wire_bad_[box].push_back({from, until});
  }
  void radio_trouble(std::size_t box, MonoTime until) {
    radio_bad_until_[box] = std::max(until, radio_bad_until_[box]);
  }
  [[nodiscard]] bool radio_calm(std::size_t box, MonoTime now) const { return radio_bad_until_[box] < now; }
  void cart_heard(std::size_t box, std::size_t receiver, CartId cart, MonoTime now) {
    carts_heard_[box][{receiver, cart}] = now;
  }
  void clock_stepped(std::size_t box, MonoTime now) { clock_stepped_at_[box] = now; }
  /// Its clock was a day ahead until then: every session had expired, and what is known of it may be forgotten.
  void clock_ahead(std::size_t box, MonoTime until) { clock_ahead_until_[box] = until; }
  /// The disk refused something of that time which is not written yet: receipts are kept in memory, as the contract
  /// allows.
  void disk_refuses(std::size_t box, MonoTime since, MonoTime now);
  void disk_takes(std::size_t box) { disk_refuses_[box] = false; }
  [[nodiscard]] bool disk_behind(std::size_t box) const { return disk_refuses_[box]; }
  /// What a restart found is not what the disk had answered.
  void disk_wrong(const std::string& what) { violate("S6: " + what); }
  /// What happened before `unsafe_since` was on its disk; of what the radio gave to it, what was given before
  /// `radio_unsafe_since`.
  void box_died(std::size_t box, MonoTime unsafe_since, MonoTime radio_unsafe_since, MonoTime now);
  /// It starts again, by a clock that tells how long it was away, or not.
  void box_started(std::size_t box, bool clock_right, MonoTime now);
  /// What its disk holds of a lane, as it starts again.
  void lane_found(std::size_t box, std::size_t lane, const LaneDurable& found);

  // --- what a box was told (oracle_verdicts.cpp) ---
  void heard(std::size_t box, const StreamEvent& event, MonoTime now);
  void answered(std::size_t box, const ConfirmRequest& request, MonoTime asked, const ConfirmAnswer& answer,
                MonoTime now);
  void pass_given(std::size_t box, const Uuid& session, WallTime expires_at);

  // --- one step of a box ---
  void barrier_told(std::size_t box, std::size_t lane, bool closed, MonoTime now);
  void pulsed(std::size_t box, std::size_t lane) { opened_.emplace_back(box, lane); }
  void wrote_open(std::size_t box, const Receipt& receipt, const Now& now);
  void wrote_sealed(std::size_t box, const Receipt& receipt, const Now& now);
  /// Given to the disk, perhaps not for the first time.
  void wrote(std::size_t box, const Receipt& receipt);
  void step_is_over(std::size_t box, MonoTime now);

  // --- the end (oracle_end.cpp) ---
  void committed(std::size_t box, const Uuid& sealed);
  void open_durable(std::size_t box, const Uuid& open);
  /// The box was told everything before this place on the stream.
  void stream_told(std::size_t box, std::size_t up_to) { told_up_to_[box] = up_to; }
  /// The stream goes on behind an event that was never told.
  void stream_gap(std::size_t box, std::size_t event) {
    violate("S4: event " + std::to_string(event + 1) + " of the stream was not told to box " + std::to_string(box + 1));
  }
  /// The box found itself in the wrong.
  void admitted_by_itself(const std::string& what) { violate(what); }
  void limits(std::size_t box, const OfflinePolicyConfig& limits) { limits_[box] = limits; }
  void stranded(const std::string& what) { violate("S9: " + what); }
  void not_converged(const std::string& what) { violate("S10: " + what); }
  void judge_end();

  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] std::int64_t openings() const { return openings_; }

 private:
  struct OpenReceipt {
    std::string lane;
    std::uint32_t passages = 0;
    std::uint32_t party = 1;  ///< as many may pass
    std::optional<Uuid> session;
    bool repeated = false;
    bool shopper = false;  ///< cart or walkout
    bool durable = false;
    MonoTime since{};
  };
  struct SealedReceipt {
    std::optional<Uuid> session;
    std::uint32_t used = 0;  ///< of the session, at least
    std::string unknown_lane;
    bool repeated = false;  ///< flag after_restart
    MonoTime at{};
  };
  /// An opening whose receipt waits for the disk.
  struct Owed {
    std::size_t box = 0;
    std::string lane;
    std::int64_t opened_ms = 0;
  };
  struct Heard {
    bool closed = false;
    MonoTime closed_at{};
    MonoTime dropped_at{};  ///< a reset of the stream ended it
    bool named = false;     ///< the box was told whose cart's session it is
    bool revoked = false;
    bool revoked_tag = false;
    MonoTime revoked_at{};
    std::string claimed_by;
    MonoTime claimed_at{};
    std::map<std::string, MonoTime> expected_at;  ///< by lane, when it was told
    std::optional<WallTime> pass_until;
    std::optional<RefuseReason> refused;
    MonoTime refused_asked{};
    std::optional<MonoTime> admitted_at, admitted_ahead_at;
    /// The process died: it forgets what is in no database, and what its disk had not taken since `unsafe_since`.
    void outlive(MonoTime unsafe_since);
    void forget_before(MonoTime clock_ahead_until);
  };
  void violate(std::string what) {
    if (violation_.empty()) violation_ = std::move(what);
  }
  [[nodiscard]] bool mark_lost(std::size_t box, const LaneTruth& truth) const;
  [[nodiscard]] static std::string place(std::size_t box, std::size_t lane) {
    return "box " + std::to_string(box + 1) + " lane " + std::to_string(lane + 1);
  }
  [[nodiscard]] std::optional<Uuid> session_of(const Receipt& receipt) const;
  void settle(std::size_t box, const Receipt& receipt);
  void judge_durable(std::size_t box, std::size_t lane, MonoTime now);
  void judge_new(std::size_t box, std::size_t lane, const Receipt& receipt, const Now& now);
  void judge_presence(std::size_t box, const LaneTruth& truth, const Receipt& receipt, const Session* session,
                      const Now& now);
  void judge_evidence(std::size_t box, const Session& session, const Receipt& receipt, const Now& now);
  void judge_known_bad(const Heard& heard, const Session& session, const Receipt& receipt, const std::string& where,
                       MonoTime now);
  void judge_single_use(std::size_t box, const Session& session, const Receipt& receipt, const Now& now);
  void judge_offline(std::size_t box, std::size_t lane, const Receipt& receipt, const Now& now);
  void judge_reassigned(std::size_t box, const Receipt& receipt, OpenReceipt& open, MonoTime now);
  void judge_store_use(std::size_t box, const Session& session, const Receipt& receipt, MonoTime now);
  [[nodiscard]] bool store_excuses(std::size_t box, std::size_t other, const Session& session, const Receipt& receipt,
                                   MonoTime now) const;
  /// Of a session's party at a box: let out, or being let out.
  struct Used {
    std::uint32_t now = 0;
    std::uint32_t at_most = 0;  ///< when who may still pass has passed
  };
  [[nodiscard]] Used used_at(std::size_t box, const Uuid& session, const Uuid& except) const;
  void judge_store_parties();
  void judge_chain();
  void judge_parties();
  void judge_people();

  StoreModel* store_;
  std::vector<std::vector<LaneTruth>> lanes_;
  std::vector<std::map<Uuid, OpenReceipt>> open_;
  std::vector<std::map<Uuid, SealedReceipt>> sealed_;
  std::vector<std::map<Uuid, Heard>> heard_;
  std::vector<std::vector<MonoTime>> troubled_until_;
  std::vector<std::vector<LanePeople>> people_;
  std::vector<std::map<std::pair<std::size_t, CartId>, MonoTime>> carts_heard_;  ///< by receiver
  std::vector<std::map<Uuid, std::uint32_t>> passages_;                          ///< by receipt, as written last
  std::vector<std::vector<LanePeople::Stretch>> marks_lost_;                     ///< by a death: those of these times
  std::vector<bool> disk_refuses_;
  std::vector<std::vector<LanePeople::Stretch>> late_;  ///< when it did
  std::vector<Owed> owed_;
  struct Opening {
    std::size_t box = 0;
    MonoTime at{};
    Uuid receipt;
  };
  std::map<Uuid, std::vector<Opening>> openings_of_;  ///< by session
  std::set<Uuid> forgotten_;  ///< used before a clock that was ahead let them expire, and used again
  std::set<Uuid> excused_;    ///< sessions that two boxes may have let out
  std::vector<std::vector<LanePeople::Stretch>> wire_bad_;  ///< a question may not have reached the backend
  std::vector<std::set<Uuid>> open_at_death_;               ///< sessions of receipts that no one had sealed then
  std::vector<std::size_t> told_up_to_;
  std::vector<MonoTime> backend_bad_until_, radio_bad_until_, clock_stepped_at_, clock_ahead_until_, heard_at_,
      kept_until_;
  std::vector<Duration> untold_;  ///< of an outage: what no clock could tell a box that was away meanwhile
  struct OfflineExit {
    MonoTime at{};
    std::int64_t amount_minor = 0;
    Uuid receipt_id;
    bool durable = false;  ///< what is not is lost with the process, and then counts no more
  };
  void offline_durable(std::size_t box, const Uuid& receipt);
  std::vector<std::deque<OfflineExit>> offline_;  ///< admitted in the last hour and not sealed `not_used`
  std::vector<OfflinePolicyConfig> limits_;
  std::vector<std::pair<std::size_t, std::size_t>> opened_;
  std::vector<std::string> sealed_now_;  ///< lanes with a receipt sealed in this step
  std::vector<std::pair<std::size_t, Uuid>> durable_;
  std::set<Uuid> committed_;
  std::int64_t openings_ = 0;
  std::string violation_;
};

/// Whether a receipt's text has the flag.
[[nodiscard]] bool flagged(const std::string& json, Flag flag);

}  // namespace exitgate::sim
