// One box with one lane as a value: controller, gate hardware, disk, questions that are out. Copied freely, so that a
// search can go on from any state in every way. Whatever the controller commands is judged here by the hardware alone:
// S1 to S5 and S8 of the lane contract, after every step.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lane_world.hpp"

namespace exitgate::test {

/// What may happen to the lane from outside; eyes, troubles and carts toggle.
enum class Input : std::uint8_t {
  kApproach,
  kSafety,
  kExit,
  kPassage,
  kCartNear,
  kClosure,
  kExpected,
  kAdmit,
  kAdmitTwo,
  kRefuse,
  kNoAnswer,
  kStaffOpen,
  kHoldOpen,
  kReleaseHold,
  kOutOfService,
  kInService,
  kReset,
  kRelease,
  kStaffKey,
  kDevice,
  kJam,
  kContradict,
  kDiskSilent,
  kDiskFails,
  kLink,
  kKill,
  kMoment,
  kWait,
};
[[nodiscard]] const char* to_string(Input input);

/// A controller, or a wire, that is broken on purpose: the judge must find each of them.
enum class Mutant : std::uint8_t {
  kNone,
  kClosesOnSomebody,    ///< a command to close slips into the outputs while somebody passes
  kLosesRelease,        ///< the command to open that the release asks for is lost
  kLosesReopening,      ///< so is the one that an obstacle asks for
  kOpensWithoutAnyone,  ///< the barrier opens while somebody is decided about
  kSealsTwice,          ///< every sealed receipt is sealed once more
  kForgetsReceipts,     ///< no receipt of an opening is ever told
  kEyeSticks,           ///< the approach eye is never told to be clear again
};

struct SearchOptions {
  const char* name = "";
  LaneOptions lane;
  std::vector<Input> inputs;
  int troubles_at_most = 2;      ///< at once: release, key, device, jam, contradicting limits, disk, link
  bool coarse_ages = false;      ///< levels are told apart, not how long they have lasted
  bool fine = false;             ///< also what is otherwise looked at once (search_key.cpp)
  bool cart_stays = false;       ///< the cart is there from the start
  bool answers_at_once = false;  ///< `present` is refused, an admission is confirmed
  std::size_t states_at_least = 0;
  std::size_t states_at_most = 0;  ///< 0: until nothing new is found
  Mutant mutant = Mutant::kNone;
};

/// The one cart there is.
inline constexpr CartId kSearchedCart = 117;

class Key;

class SearchWorld {
 public:
  explicit SearchWorld(const SearchOptions& options);

  /// Whether it can happen now, within the bounds of the search.
  [[nodiscard]] bool possible(Input input) const;
  void apply(Input input);
  /// 90 ms go by: the barrier moves, the device is read, what is due happens.
  void turn();
  /// Everything that is outside of the lane is as it should be, and nobody is there.
  void make_normal();
  void set_eye(Point point, bool blocked);
  bool command(StaffVerb verb);

  /// All that the search tells states apart by (search_key.cpp).
  [[nodiscard]] std::string key() const;
  [[nodiscard]] const Lane& lane() const { return controller_.lanes()[0]; }
  [[nodiscard]] Phase phase() const { return lane().phase(); }
  [[nodiscard]] bool barrier_closed() const { return coil_closed_; }
  [[nodiscard]] int position() const { return position_; }
  [[nodiscard]] bool device_well() const { return device_ && device_told_; }
  [[nodiscard]] bool barrier_well() const { return !jam_ && !contradict_; }
  /// As far as the lane can know: without limits it takes a barrier for closed when the time to close is over.
  [[nodiscard]] bool open_or_opening() const { return !coil_closed_ || travelling(); }
  /// Idle and closed, nothing open, nothing unwritten, every passage in a sealed receipt; else what is not so.
  [[nodiscard]] std::string unrest() const;
  /// What a judge found, "" if nothing.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  void found(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

 private:
  enum class Disk : std::uint8_t { kWell, kSilent, kFails };
  struct Asked {
    QuestionId id = 0;
    Stage stage{};
    std::optional<CartId> cart;
    SessionTag tag;
    MonoTime at{};
  };
  [[nodiscard]] Now now() const;
  void step(const Event& event);
  void take(const Command& command, std::vector<Event>& results);
  void take_ask(const Ask& ask, std::vector<Event>& results);
  void take_write(const WriteOutput& write, std::vector<Event>& results);
  void take_persist(const Persist& persist, std::vector<Event>& results);
  void store(const StoreWrite& write);
  void note(const PublicEvent& event);
  void answer(const ConfirmAnswer& reply, Asked asked);
  void answer_oldest(Input input);
  void apply_evidence(Input input);
  void poll();
  void start();
  void kill();
  void disk_is(Disk disk);
  void put_ages(Key& key) const;
  [[nodiscard]] bool readable(Input input) const;
  [[nodiscard]] bool trouble_possible(Input input) const;
  [[nodiscard]] int troubles() const;
  [[nodiscard]] bool blind() const;
  [[nodiscard]] bool travelling() const;
  void judge();
  void judge_write(bool closed);
  void mutate(std::vector<Command>& commands) const;

  const SearchOptions* options_;
  std::shared_ptr<const GateConfig> config_;
  Controller controller_;
  MonoTime mono_;

  std::map<PointId, bool> levels_;    ///< of the inputs
  std::map<PointId, bool> reported_;  ///< as the controller was told
  MonoTime polled_at_{};
  bool coil_closed_ = true;  ///< barrier, or hold_open
  bool pulse_ = false;
  int position_ = 0;  ///< 0 closed … 2 open
  bool device_ = true;
  bool device_told_ = false;
  bool jam_ = false;
  bool contradict_ = false;
  bool link_ = true;
  Disk disk_ = Disk::kWell;
  bool killed_ = false;
  bool cart_near_ = false;
  std::uint8_t tag_ = 1;
  std::uint8_t next_session_ = 1;
  int turns_ = 0;

  std::vector<Asked> asked_;
  std::vector<Persist> unwritten_;
  LoadedState stored_;
  bool held_ = false;
  bool out_of_service_ = false;
  std::optional<Status> command_status_;

  // --- what the judge remembers ---
  bool written_closed_ = true;
  bool fully_closed_ = true;  ///< reached since it was written closed
  MonoTime written_at_{};
  bool until_reset_ = false;  ///< released
  bool opened_now_ = false;   ///< in this step
  bool pulse_out_ = false;    ///< nobody has been counted for it yet
  std::set<std::string> open_ids_;
  std::set<Uuid> sealed_ids_;
  std::map<Uuid, int> admitted_on_;
  std::int64_t passages_seen_ = 0;
  std::int64_t passages_sealed_ = 0;
  Ticket newest_ticket_ = 0;
  std::string wrong_;
};

}  // namespace exitgate::test
