// Runs a BusSchedule on virtual time against modules that are a function.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "hal/modbus/bus_schedule.hpp"

namespace exitgate::hal {

struct VirtualAnswer {
  Reply reply;
  Duration took = milliseconds{1};
};

inline VirtualAnswer all_low(const Ask& ask) {
  return {std::vector<std::uint8_t>(static_cast<std::size_t>(ask.request.count)), milliseconds{1}};
}
inline VirtualAnswer fault(const Ask& ask, Fault kind, int exception = 0) {
  return {tl::unexpected(LineFault{kind, exception, "test"}), kind == Fault::kTimeout ? ask.timeout : milliseconds{1}};
}

class VirtualBus {
 public:
  struct Asked {
    Ask ask;
    MonoTime at{};
  };

  VirtualBus(BusTraits traits, std::vector<ModbusUnit> units) : schedule(traits, units), units_(units.size()) {
    for (std::size_t i = 0; i < units.size(); ++i) schedule.start_unit(i, now);
  }

  /// One action; false when there is nothing to do before `end`.
  bool step(MonoTime end) {
    const auto action = schedule.next(now);
    if (const auto* wait = std::get_if<WaitUntil>(&action)) {
      if (wait->time > end) {
        now = end;
        return false;
      }
      now = wait->time;
    } else if (std::holds_alternative<OpenLine>(action)) {
      opens.push_back(now);
      schedule.opened(open(), now);
    } else if (std::holds_alternative<FlushLine>(action)) {
      flushes.push_back(now);
      schedule.flushed(flush(now), now);
    } else if (const auto* ask = std::get_if<Ask>(&action)) {
      asked.push_back({*ask, now});
      const auto answer = module(*ask, now);
      now += answer.took;
      schedule.finished(*ask, answer.reply, answer.took, now);
    }
    collect();
    return now < end;
  }
  void run_for(Duration time) {
    const MonoTime end = now + time;
    while (step(end)) {
    }
  }
  bool run_until(const std::function<bool()>& condition, Duration bound = milliseconds{60000}) {
    const MonoTime end = now + bound;
    while (!condition()) {
      if (!step(end)) return condition();
    }
    return true;
  }

  [[nodiscard]] bool up(std::size_t unit) const { return units_.at(unit).up; }
  [[nodiscard]] std::uint32_t epoch(std::size_t unit) const { return units_.at(unit).epoch; }
  [[nodiscard]] int downs(std::size_t unit) const { return units_.at(unit).downs; }
  [[nodiscard]] int polls(std::size_t unit) const { return units_.at(unit).polls; }
  [[nodiscard]] Duration longest_gap(std::size_t unit) const { return units_.at(unit).longest_gap; }
  void forget_gaps() {
    for (auto& unit : units_) unit.longest_gap = Duration{0};
  }
  void write(std::size_t unit, PortIndex output, bool high) { schedule.write(unit, epoch(unit), output, high); }

  BusSchedule schedule;
  MonoTime now = mono_from_us(5'000'000);
  std::function<VirtualAnswer(const Ask&, MonoTime)> module = [](const Ask& ask, MonoTime) { return all_low(ask); };
  std::function<Status()> open = [] { return Status{}; };
  std::function<std::size_t(MonoTime)> flush = [](MonoTime) { return std::size_t{0}; };
  std::vector<Asked> asked;
  std::vector<MonoTime> opens;
  std::vector<MonoTime> flushes;
  std::vector<WriteEnded> writes;
  std::vector<Error> errors;
  bool told_while_down = false;
  bool first_poll_incomplete = false;

 private:
  struct Seen {
    bool up = false;
    bool fresh = false;
    std::uint32_t epoch = 0;
    int downs = 0;
    int polls = 0;
    MonoTime polled{};
    Duration longest_gap{};
  };

  void collect() {
    for (auto& told : schedule.take_reports()) {
      Seen& unit = units_.at(told.unit);
      if (const auto* up = std::get_if<WentUp>(&told.report)) {
        told_while_down = told_while_down || unit.up;
        unit.up = unit.fresh = true;
        unit.epoch = up->epoch;
        unit.polled = now;
      } else if (const auto* down = std::get_if<WentDown>(&told.report)) {
        told_while_down = told_while_down || (!unit.up && unit.downs > 0);
        unit.up = false;
        ++unit.downs;
        errors.push_back(down->why);
      } else if (!std::holds_alternative<RequestTook>(told.report)) {
        told_while_down = told_while_down || !unit.up;
        see(unit, told.report);
      }
    }
  }
  void see(Seen& unit, const UnitReport& report) {
    if (const auto* ended = std::get_if<WriteEnded>(&report)) writes.push_back(*ended);
    const auto* polled = std::get_if<InputsPolled>(&report);
    if (polled == nullptr) return;
    if (unit.fresh) first_poll_incomplete = first_poll_incomplete || polled->changes.empty();
    unit.fresh = false;
    ++unit.polls;
    unit.longest_gap = std::max(unit.longest_gap, polled->read_at - unit.polled);
    unit.polled = polled->read_at;
  }

  std::vector<Seen> units_;
};

inline ModbusUnit virtual_unit(int number, std::vector<int> coils = {0, 10, 20, 30, 40, 50, 60, 70}) {
  ModbusUnit unit;
  unit.name = "io" + std::to_string(number);
  unit.unit = number;
  for (int i = 0; i < 16; ++i) unit.inputs.push_back({BitTable::kDiscrete, i});
  unit.output_coils = std::move(coils);
  return unit;
}

/// What an exchange takes on a wire when the module answers in 1 ms.
inline VirtualAnswer on_wire(const RtuLine& line, const Ask& ask) {
  auto answer = all_low(ask);
  answer.took = exchange_time(line, ask.request) - 2 * frame_silence(line) + milliseconds{1};
  return answer;
}

}  // namespace exitgate::hal
