// Plays a scenario's script on the plant: sessions, arrivals, people, carts and events at their times, and notes how it
// ended for each.
// Ownership: plant, scenario and calls are the caller's and must outlive it. Thread: the io_context's.
// Errors: a call that fails is a problem of the run; the script goes on.
#pragma once

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "tools/rig/calls.hpp"
#include "tools/rig/judgement.hpp"
#include "tools/rig/plant.hpp"
#include "tools/rig/scenario.hpp"

namespace exitgate::rig {

class Director {
 public:
  struct Peers {
    Calls* backend = nullptr;  ///< the reference backend's admin side; none: no sessions are made
    Calls* control = nullptr;  ///< the daemon's control API; none: no staff commands
  };
  using Say = std::function<void(const std::string&)>;

  Director(Plant& plant, const Scenario& scenario, Peers peers, Say say);
  ~Director();
  Director(const Director&) = delete;
  Director& operator=(const Director&) = delete;

  /// Makes the sessions; the script's clock starts at `now`.
  void begin(MonoTime now, WallTime wall);
  /// Does what is due and moves the carts' radios with their carts. After every step of the plant.
  void step(MonoTime now);
  /// Everything was done, everybody is gone, every call is answered.
  [[nodiscard]] bool finished() const;
  [[nodiscard]] Duration elapsed(MonoTime now) const { return now - began_at_; }
  [[nodiscard]] Duration length() const;
  /// How it ended for every shopper, and for every event from which receipts are expected.
  [[nodiscard]] std::vector<Ending> endings() const;
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Run {
    const ShopperSpec* spec = nullptr;
    Uuid session_id;
    SessionTag tag;
    std::string session_seen;  ///< the id the backend gave
    std::vector<std::size_t> walkers;
    std::optional<std::size_t> reach;
    bool entered = false;
  };
  struct Action {
    Duration at;
    std::function<void(MonoTime)> act;
  };

  void plan();
  void plan_shopper(std::size_t index);
  void plan_event(const EventSpec& event);
  void act_event(const EventSpec& event);
  void act_command(const EventSpec& event);
  void make_session(Run& run);
  void close_session(Run& run);
  void announce(const Run& run);
  void fetch_pass(const Run& run);
  void enter(Run& run, MonoTime now);
  void switch_radio_on(const Run& run, MonoTime now);
  void move_carts();
  [[nodiscard]] Ending ending_of(const Run& run) const;
  void call(Calls* peer, const std::string& target, const std::string& json, Calls::Answer answer = {});
  void problem(const std::string& text);

  Plant& plant_;
  const Scenario& scenario_;
  Peers peers_;
  Say say_;
  std::mt19937_64 random_;
  std::vector<Run> runs_;
  std::vector<Action> actions_;  ///< by time
  std::size_t next_action_ = 0;
  std::vector<std::string> problems_;
  MonoTime began_at_{};
  WallTime began_wall_{};
  std::size_t unanswered_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace exitgate::rig
