// Which cart is in which lane (lane contract §3): smoothed levels per cart and receiver, nearness, binding with margin
// and dwell, ambiguity, parked carts, contradicting receivers. Pure; bounded to kMaxCarts, least recently heard
// dropped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/event.hpp"
#include "core/wake.hpp"

namespace exitgate {

/// What proximity must know of a lane at a step.
struct LaneView {
  std::optional<DeviceId> receiver;
  bool approach_blocked = false;
  bool receiver_up = false;
  bool clock_suspect = false;  ///< a cart near it has a wrong clock: its frames don't count
  /// No other lane may bind these: the cart it has admitted, and the one of whoever stands there next.
  std::optional<CartId> admitted;
  std::optional<CartId> bound;
  friend bool operator==(const LaneView&, const LaneView&) = default;
};

/// A cart that fulfils the conditions of a lane, strongest first in a list of them.
struct Candidate {
  CartId cart_id = 0;
  SessionTag session_tag;
  BeaconState state = BeaconState::kIdle;
  double level_dbm = 0;
  MonoTime near_since{};  ///< heard near without a gap since then
  bool parked = false;
  bool conflicting = false;    ///< two receivers contradict each other: beacon_conflict
  bool receiver_down = false;  ///< a comparison could not be made
};

class Proximity {
 public:
  static constexpr std::size_t kMaxCarts = 1000;
  static constexpr Duration kUnheard = std::chrono::seconds{2};

  explicit Proximity(const BeaconPolicy& policy) : policy_(policy) {}
  void set_policy(const BeaconPolicy& policy) { policy_ = policy; }

  void heard(const BeaconHeard& frame, MonoTime now);
  /// An authentic frame outside its time window.
  void heard_mistimed(const BeaconHeard& frame, MonoTime now);
  /// Re-evaluates the conditions of the carts near `lane`; call it when lanes' views or time have moved on.
  [[nodiscard]] std::vector<Candidate> candidates(std::size_t lane, const std::vector<LaneView>& lanes, Wake& wake);
  /// The same of carts of whom only mistimed frames are heard: they bind nowhere, but are there.
  [[nodiscard]] std::vector<Candidate> mistimed(std::size_t lane, const std::vector<LaneView>& lanes, Wake& wake);
  /// Carts near the receiver now whose beacon says "closed", for questions asked ahead.
  [[nodiscard]] std::vector<Candidate> closed_near(DeviceId receiver, MonoTime now) const;
  /// An authentic frame within 10 dB of near_dbm was heard there in the last 2 s (or is being heard).
  [[nodiscard]] bool somebody_nearly_near(DeviceId receiver, Wake& wake) const;
  /// The cart's smoothed level at a receiver, if heard within 2 s.
  [[nodiscard]] std::optional<double> level(CartId cart, DeviceId receiver, MonoTime now) const;
  /// The cart has passed: it is not parked.
  void passed(CartId cart, MonoTime now);
  [[nodiscard]] std::size_t cart_count() const { return carts_.size(); }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.policy_, self.carts_, self.mistimed_);
  }

 private:
  struct Reading {
    DeviceId receiver = 0;
    std::array<double, 5> last{};
    std::uint8_t count = 0;
    double smoothed = 0;
    MonoTime at{};
    std::optional<MonoTime> near_since;
    double parked_level = 0;
    MonoTime parked_since{};
  };
  /// One receiver stronger than another: when last by more than 6 dB, either way.
  struct Contradiction {
    DeviceId a = 0;
    DeviceId b = 0;
    std::optional<MonoTime> a_stronger;
    std::optional<MonoTime> b_stronger;
  };
  struct Cart {
    BeaconHeard frame;
    MonoTime heard_at{};
    std::vector<Reading> readings;
    std::vector<Contradiction> contradictions;
    std::unordered_map<std::size_t, std::optional<MonoTime>> fits_since;  // lane → since when its conditions hold
  };

  using Carts = std::unordered_map<CartId, Cart>;

  void note(Carts& carts, const BeaconHeard& frame, MonoTime now);
  [[nodiscard]] std::vector<Candidate> fitting(Carts& carts, std::size_t lane, const std::vector<LaneView>& lanes,
                                               Wake& wake);
  void add_reading(Cart& cart, const BeaconHeard& frame, MonoTime now);
  void note_contradictions(Cart& cart, const Reading& fresh, MonoTime now);
  [[nodiscard]] const Reading* fresh_reading(const Cart& cart, DeviceId receiver, MonoTime now) const;
  struct Fit {
    bool holds = false;
    bool receiver_down = false;
  };
  [[nodiscard]] Fit fits(const Cart& cart, const Reading& here, std::size_t lane, const std::vector<LaneView>& lanes,
                         Wake& wake) const;
  static void drop_oldest(Carts& carts);

  BeaconPolicy policy_;
  Carts carts_;
  Carts mistimed_;
};

}  // namespace exitgate
