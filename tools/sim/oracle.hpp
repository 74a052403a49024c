// Judges a run by what the world saw: who stood where, what the barriers were told, what the disk took, what the
// backend holds. It knows nothing of the controller's insides. The first violation stays. Thread: one.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "core/receipt.hpp"
#include "tools/sim/store_model.hpp"

namespace exitgate::sim {

/// A lane as its hardware is. `eyes` are the levels the box was given.
struct LaneTruth {
  bool pulse = false;
  bool approach = false;
  bool safety = false;
  bool told_closed = false;      ///< the barrier's command
  bool known = false;            ///< a command was seen since the start of the box
  double position = 0;           ///< 0 closed … 1 open
  std::optional<Uuid> standing;  ///< session of who stands at the approach, or stood there less than a second ago
  std::optional<CartId> cart;
};

class Oracle {
 public:
  Oracle(StoreModel& store, std::size_t boxes, std::size_t lanes)
      : store_(&store),
        lanes_(boxes, std::vector<LaneTruth>(lanes)),
        open_(boxes),
        sealed_(boxes),
        fire_(boxes, false),
        disk_refuses_(boxes, false) {}

  [[nodiscard]] LaneTruth& lane(std::size_t box, std::size_t lane) { return lanes_[box][lane]; }
  void fire(std::size_t box, bool active) { fire_[box] = active; }

  // --- one step of a box ---
  void barrier_told(std::size_t box, std::size_t lane, bool closed);
  void pulsed(std::size_t box, std::size_t lane) { opened_.emplace_back(box, lane); }
  void wrote_open(std::size_t box, const Receipt& receipt, MonoTime now, WallTime wall);
  void wrote_sealed(std::size_t box, const Receipt& receipt);
  void step_is_over(std::size_t box, MonoTime now, bool device_up);

  /// The disk refused something that is not written yet: receipts are kept in memory, as the contract allows.
  void disk_refuses(std::size_t box, bool refuses) { disk_refuses_[box] = refuses; }

  // --- the rest ---
  void committed(std::size_t box, const Uuid& sealed) { durable_.emplace_back(box, sealed); }
  void box_died(std::size_t box);
  /// What a restart found is not what the disk had answered.
  void disk_wrong(const std::string& what) { violate("S6: " + what); }
  void person_left(std::size_t box, std::size_t lane) { ++people_[{box, lane}]; }
  /// A paid shopper stood there for a long time with nothing broken and was not let out.
  void stranded(const std::string& lane) { violate("S9: a paid shopper was not let out at lane " + lane); }
  void not_converged(const std::string& what) { violate("S10: " + what); }
  /// Whether every person must be in a receipt: nothing that blinds the box happened.
  void judge_end(bool nothing_was_blind, bool boxes_apart);

  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] std::int64_t openings() const { return openings_; }

 private:
  struct OpenReceipt {
    std::string lane;
    std::uint32_t passages = 0;
  };
  /// An opening whose receipt waits for the disk.
  struct Owed {
    std::size_t box = 0;
    std::string lane;
    std::int64_t opened_ms = 0;
  };
  void settle(std::size_t box, const Receipt& receipt);
  void violate(std::string what) {
    if (violation_.empty()) violation_ = std::move(what);
  }
  void judge_new(std::size_t box, std::size_t lane, const Receipt& receipt, WallTime now);
  void judge_chain();
  void judge_sessions(bool boxes_apart);

  StoreModel* store_;
  std::vector<std::vector<LaneTruth>> lanes_;
  std::vector<std::map<Uuid, OpenReceipt>> open_;
  std::vector<std::set<Uuid>> sealed_;
  std::vector<bool> fire_;
  std::vector<std::pair<std::size_t, std::size_t>> opened_;
  std::vector<std::string> sealed_now_;  ///< lanes with a receipt sealed in this step
  std::vector<std::pair<std::size_t, Uuid>> durable_;
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> people_;
  std::vector<bool> disk_refuses_;
  std::vector<Owed> owed_;
  std::int64_t openings_ = 0;
  std::string violation_;
};

}  // namespace exitgate::sim
