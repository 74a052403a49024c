// What a bus does next: connects, asks, waits. Pure: time comes in with every call, so weeks of a bus run in a test.
//
// Order: writes before read-backs before readings of outputs before polls; polls of all units by the time they fell
// due. So that a burst of writes can't make inputs stale, an overdue poll may go between two writes. A unit that fails
// is told as down at once, asked again after 0.1 s, doubling to 2 s, and up after it answered all its reads.
//
// Late answers on a serial wire can't be told from timely ones by anything in them (libmodbus 3.1.6 then serves every
// later read with the data of the one before). Therefore after any fault the bus is silent for as long as an answer was
// waited for, what came in is thrown away, the unit's first good answer is not believed, and the next is asked for only
// after another silence of that unit. A TCP connection is closed instead. While other units of a serial bus are up, a
// lost one is waited for briefly, so that the others stay fresh; if its answer comes late, which disturbs the next
// exchange, it is given twice the time.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "hal/modbus/rtu_timing.hpp"
#include "hal/modbus/unit_state.hpp"

namespace exitgate::hal {

struct BusTraits {
  std::optional<RtuLine> serial;  ///< none: a TCP connection
};

struct OpenLine {};
struct FlushLine {};
struct Ask {
  std::size_t unit = 0;
  Work work = Work::kPoll;
  Request request;
  Duration timeout{};
};
struct WaitUntil {
  MonoTime time = kNever;
};
using BusAction = std::variant<OpenLine, FlushLine, Ask, WaitUntil>;

struct BusReport {
  std::size_t unit = 0;
  UnitReport report;
};

class BusSchedule {
 public:
  BusSchedule(BusTraits traits, std::vector<ModbusUnit> units);

  void start_unit(std::size_t unit, MonoTime now);
  void stop_unit(std::size_t unit);
  [[nodiscard]] bool idle() const;
  /// Dropped unless the unit is up in the same epoch as when the write was made.
  void write(std::size_t unit, std::uint32_t epoch, PortIndex output, bool high);
  void read_outputs(std::size_t unit, std::uint32_t epoch);

  /// What to do now. OpenLine, FlushLine and Ask are to be carried out and their end told below.
  [[nodiscard]] BusAction next(MonoTime now);
  void opened(const Status& status, MonoTime now);
  void flushed(std::size_t bytes, MonoTime now);
  void finished(const Ask& asked, const Reply& reply, Duration took, MonoTime now);

  [[nodiscard]] std::vector<BusReport> take_reports();

 private:
  enum class Phase : std::uint8_t { kLost, kConfirming, kUp };
  struct Unit {
    explicit Unit(ModbusUnit settings) : state(std::move(settings)) {}
    UnitState state;
    bool started = false;
    bool down_told = false;
    Phase phase = Phase::kLost;
    MonoTime due{};  ///< of the next poll or attempt
    MonoTime poll_began{};
    Duration back_off{};
    Duration brief{};  ///< how long it is waited for while lost, when others are up
    std::uint32_t epoch = 0;
  };
  struct Choice {
    std::size_t unit = 0;
    Work work = Work::kPoll;
    int rank = 0;
    MonoTime due{};
  };

  [[nodiscard]] std::optional<Choice> choice_of(std::size_t index, MonoTime now) const;
  [[nodiscard]] std::optional<Choice> choose(MonoTime now) const;
  [[nodiscard]] Ask ask(const Choice& choice, MonoTime now);
  [[nodiscard]] Duration patience(const Unit& unit) const;
  [[nodiscard]] bool others_up(std::size_t index) const;
  [[nodiscard]] Duration longest_answer() const;

  void answered(const Ask& asked, const Reply& reply, MonoTime now);
  void bring_up(std::size_t index, MonoTime now);
  void failed(const Ask& asked, const LineFault& fault, MonoTime now);
  void disturbed_by_late_answer(const Ask& asked, const LineFault& fault, MonoTime now);
  [[nodiscard]] bool blame_lost_ones(const Ask& asked, const LineFault& fault, MonoTime now);
  void wait_longer_for(Unit& unit) const;
  void lose(std::size_t index, const Error& why, MonoTime now);
  void lose_all(const Error& why, MonoTime now);
  void be_silent(Duration time, MonoTime now);
  [[nodiscard]] Duration wire_time(const Request& request) const;
  void report(std::size_t index, UnitReport told) { reports_.push_back({index, std::move(told)}); }

  BusTraits traits_;
  std::vector<Unit> units_;
  std::vector<BusReport> reports_;
  std::vector<UnitReport> told_;  ///< by the unit that is just answered; kept for its capacity
  bool open_ = false;
  MonoTime open_due_{};
  Duration open_back_off_{};
  MonoTime free_at_{};  ///< the wire is to be silent until then
  bool flush_due_ = false;
  std::optional<MonoTime> noisy_since_;
  std::optional<std::size_t> silent_for_;  ///< the unit whose answer did not come in time
  std::optional<std::size_t> disturbed_;   ///< the unit whose exchange was disturbed by a late answer of a lost one
  std::size_t last_ = 0;
  bool last_was_poll_ = false;
};

}  // namespace exitgate::hal
