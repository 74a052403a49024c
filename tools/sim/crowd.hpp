// The shoppers of one box: they come, wait for the barrier, walk through with their party, turn back, follow somebody
// out unpaid, come with carts nobody knows or with sessions that are spent. What they block, the eyes see.
// Ownership: refers to the world's parts. Thread: one.
#pragma once

#include <map>
#include <vector>

#include "tools/sim/box.hpp"

namespace exitgate::sim {

/// What a cart near an exit sends, thinned: what is heard more often tells nothing more.
inline constexpr Duration kBeaconEvery = milliseconds{250};

/// Sessions whose shoppers went away with something left of them, or nothing: they come again, to any lane of the
/// store.
using ComeAgain = std::vector<Uuid>;

class Crowd {
 public:
  Crowd(Surroundings around, Box& box, std::size_t index, ComeAgain& again);

  void begin();
  /// Nobody odd comes any more; who is there finishes.
  void close() { open_ = false; }
  /// One paid shopper at every lane; `unserved` tells of those who were not let out.
  void probe();
  [[nodiscard]] std::string unserved() const;
  [[nodiscard]] std::int64_t exits() const { return exits_; }
  [[nodiscard]] bool nobody_near() const { return near_ == 0; }
  /// Leaves a cart beside a lane for a while.
  void park(std::size_t lane);

 private:
  enum class Doing : std::uint8_t { kAway, kWaiting, kWalking };
  struct Place {
    Doing doing = Doing::kAway;
    std::uint64_t visit = 0;
    std::optional<Uuid> session;
    bool cart = false;
    int people = 1;     ///< of the party, that come this time
    int followers = 0;  ///< unpaid, close behind
    bool turns_back = false;
    bool plain = false;  ///< paid, fresh, nothing odd: is let out
    bool pass = false;
    bool heard = true;                  ///< its cart's beacon is authentic
    bool forges = false;                ///< its cart carries a pass that nobody signed
    Sham sham = Sham::kNone;            ///< what somebody without a cart of theirs sends
    std::optional<Uuid> imitated;       ///< whose cart they pretend to push
    WallTime recorded{};                ///< when the frames they send were
    std::optional<MonoTime> marked_at;  ///< when a newer one of that cart was heard
    MonoTime arrived{};
    MonoTime walk_from{};
    MonoTime from{};
    bool own = false;  ///< the lane is open for its cart
    bool probe_waits = false;
  };
  void next_visit(std::size_t lane);
  void come(std::size_t lane);
  void draw(std::size_t lane);
  void draw_again(Place& place);
  void draw_session(Place& place, std::size_t lane);
  void set_out(std::size_t lane);
  void arrive(std::size_t lane);
  void watch_verdict(std::size_t lane);
  void pay_meanwhile(std::size_t lane);
  void lose_patience(std::size_t lane);
  void look(std::size_t lane);
  void walk(std::size_t lane, int person);
  void pass_pulse(std::size_t lane, int person);
  void person_out(std::size_t lane, int person);
  void after_person(std::size_t lane, int person);
  void wrong_way(std::size_t lane);
  void go(std::size_t lane);
  void beacon(std::size_t lane, std::uint64_t visit);
  void sham_beacon(std::size_t lane, std::uint64_t visit);
  void draw_sham(std::size_t lane);
  void parked_beacon(std::size_t lane, const Uuid& session, MonoTime until);
  void stand(std::size_t lane, bool stands);
  [[nodiscard]] Session* session(std::size_t lane) {
    return places_[lane].session ? around_.store.find(*places_[lane].session) : nullptr;
  }
  /// Something of this visit, later.
  void later(std::size_t lane, Duration span, std::function<void()> action);

  Surroundings around_;
  Box* box_;
  std::size_t index_;
  ComeAgain* again_;
  std::vector<Place> places_;
  bool open_ = true;
  int near_ = 0;
  std::int64_t exits_ = 0;
};

}  // namespace exitgate::sim
