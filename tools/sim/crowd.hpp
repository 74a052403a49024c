// The shoppers of one box: they come, wait for the barrier, walk through with their party, turn back, or follow
// somebody out unpaid. What they block, the eyes see. Ownership: refers to the world's parts. Thread: one.
#pragma once

#include <map>
#include <vector>

#include "tools/sim/box.hpp"

namespace exitgate::sim {

class Crowd {
 public:
  Crowd(Agenda& agenda, Dice& dice, StoreModel& store, Oracle& oracle, Box& box, std::size_t index);

  void begin();
  /// Nobody comes any more; who is there finishes.
  void close() { open_ = false; }
  /// From now on it is nobody's fault but the gate's when a paid shopper is not let out.
  void clear_skies(bool clear) { clear_since_ = clear ? std::optional(agenda_->now()) : std::nullopt; }
  [[nodiscard]] std::int64_t exits() const { return exits_; }
  [[nodiscard]] bool nobody_near() const { return near_ == 0; }

 private:
  enum class Doing : std::uint8_t { kAway, kWaiting, kWalking };
  struct Place {
    Doing doing = Doing::kAway;
    std::uint64_t visit = 0;
    Uuid session;
    bool cart = false;
    int party = 1;
    MonoTime arrived{};
    MonoTime walk_from{};
    bool turns_back = false;
  };
  void next_visit(std::size_t lane);
  void come(std::size_t lane);
  void arrive(std::size_t lane);
  void look(std::size_t lane);
  void walk(std::size_t lane, int person);
  void pass_pulse(std::size_t lane, int person);
  void after_person(std::size_t lane, int person, Duration behind);
  void go(std::size_t lane);
  void beacon(std::size_t lane, std::uint64_t visit);
  void tell_backend(std::size_t lane, bool stands);
  /// Something of this visit, later.
  void later(std::size_t lane, Duration span, std::function<void()> action);

  Agenda* agenda_;
  Dice* dice_;
  StoreModel* store_;
  Oracle* oracle_;
  Box* box_;
  std::size_t index_;
  std::vector<Place> places_;
  std::vector<Uuid> left_behind_;  ///< sessions of carts whose shoppers turned back
  bool open_ = true;
  int near_ = 0;
  std::int64_t exits_ = 0;
  std::optional<MonoTime> clear_since_;
};

}  // namespace exitgate::sim
