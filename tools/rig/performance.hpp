// One run of the rig: waits until a daemon attends to the hardware, plays the script, waits until the backend holds the
// receipts, and judges.
// Ownership: owns plant, director and calls. Thread: the io_context's. Every wait is bounded by the monotonic clock.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tools/rig/calls.hpp"
#include "tools/rig/director.hpp"
#include "tools/rig/judgement.hpp"
#include "tools/rig/plant.hpp"

namespace exitgate::rig {

struct PerformanceOptions {
  std::string backend_admin;  ///< empty: none
  std::string control;        ///< empty: none
  bool live = false;
  bool once = false;                            ///< end after the script; otherwise it begins again
  Duration patience{std::chrono::seconds{60}};  ///< how long a daemon may take to attend
};

class Performance {
 public:
  using Ended = std::function<void(bool good)>;

  /// Opens every endpoint. Errors: of the plant, bad_address.
  [[nodiscard]] static Result<std::unique_ptr<Performance>> open(boost::asio::io_context& io, Scenario scenario,
                                                                 PerformanceOptions options);
  ~Performance();
  Performance(const Performance&) = delete;
  Performance& operator=(const Performance&) = delete;

  /// `ended` is called once, after the report was printed.
  void start(Ended ended);
  [[nodiscard]] const Plant& plant() const { return *plant_; }

 private:
  enum class Act : std::uint8_t { kWaiting, kPlaying, kSettling, kPausing, kEnded };

  Performance(boost::asio::io_context& io, Scenario scenario, PerformanceOptions options);
  void schedule();
  void tick();
  void wait_for_gate(MonoTime now);
  void play(MonoTime now);
  void settle(MonoTime now);
  void finish(MonoTime now);
  void poll_status(MonoTime now);
  void poll_receipts(MonoTime now);
  [[nodiscard]] std::string missing(MonoTime now) const;
  [[nodiscard]] bool settled(MonoTime now) const;
  void say(const std::string& text);
  void draw(MonoTime now);

  struct Clock;
  Scenario scenario_;
  PerformanceOptions options_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Plant> plant_;
  std::unique_ptr<Calls> backend_;
  std::unique_ptr<Calls> control_;       ///< staff commands: an answer may take 5 s
  std::unique_ptr<Calls> control_poll_;  ///< status, which must not wait behind them
  std::unique_ptr<Director> director_;
  Ended ended_;
  Act act_ = Act::kWaiting;
  MonoTime act_began_{};
  std::optional<GateStatus> gate_;
  bool status_asked_ = false;
  MonoTime next_status_{};
  bool receipts_asked_ = false;
  MonoTime next_receipts_{};
  std::optional<std::vector<SeenReceipt>> receipts_;
  std::vector<std::string> chain_troubles_;
  MonoTime complete_since_ = kNever;
  std::size_t receipts_before_ = 0;
  std::deque<std::string> events_;
  MonoTime next_draw_{};
};

}  // namespace exitgate::rig
