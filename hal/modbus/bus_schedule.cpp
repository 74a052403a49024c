#include "hal/modbus/bus_schedule.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.hpp"

namespace exitgate::hal {
namespace {

constexpr Duration kFirstBackOff = milliseconds{100};
constexpr Duration kLongestBackOff = milliseconds{2000};
/// A poll that fell due this long ago goes before the next write: inputs count as stale after 100 ms.
constexpr Duration kPollOverdue = milliseconds{30};
/// How long a lost unit is waited for while others are up.
constexpr Duration kBriefWait = milliseconds{20};
/// A wire that is never silent for this long has lost all its units.
constexpr Duration kLongestNoise = milliseconds{500};

Duration doubled(Duration back_off) {
  return back_off == Duration{0} ? kFirstBackOff : std::min(2 * back_off, kLongestBackOff);
}

int rank_of(Work work) {
  constexpr int kOverdueRank = 0;
  return kOverdueRank + 1 + static_cast<int>(work);
}

}  // namespace

BusSchedule::BusSchedule(BusTraits traits, std::vector<ModbusUnit> units) : traits_(traits) {
  for (auto& unit : units) units_.emplace_back(std::move(unit));
}

void BusSchedule::start_unit(std::size_t unit, MonoTime now) {
  Unit& u = units_.at(unit);
  EXITGATE_CHECK(!u.started);
  u.started = true;
  u.down_told = false;
  u.phase = Phase::kLost;
  u.due = now;
  u.back_off = Duration{0};
  u.brief = kBriefWait;
  u.state.start_anew();
}

void BusSchedule::stop_unit(std::size_t unit) {
  Unit& u = units_.at(unit);
  u.started = false;
  u.phase = Phase::kLost;
  u.state.start_anew();
  std::erase_if(reports_, [&](const auto& told) { return told.unit == unit; });
}

bool BusSchedule::idle() const {
  return std::none_of(units_.begin(), units_.end(), [](const auto& u) { return u.started; });
}

void BusSchedule::write(std::size_t unit, std::uint32_t epoch, PortIndex output, bool high) {
  Unit& u = units_.at(unit);
  if (u.started && u.phase == Phase::kUp && u.epoch == epoch) u.state.write(output, high);
}

void BusSchedule::read_outputs(std::size_t unit, std::uint32_t epoch) {
  Unit& u = units_.at(unit);
  if (u.started && u.phase == Phase::kUp && u.epoch == epoch) u.state.read_outputs();
}

std::optional<BusSchedule::Choice> BusSchedule::choice_of(std::size_t index, MonoTime now) const {
  const Unit& u = units_[index];
  if (!u.started) return std::nullopt;
  if (u.phase == Phase::kUp) {
    if (!last_was_poll_ && now - u.due >= kPollOverdue) return Choice{index, Work::kPoll, 0, u.due};
    for (const Work work : {Work::kWrite, Work::kVerify, Work::kReadOutputs}) {
      if (u.state.wants(work)) return Choice{index, work, rank_of(work), MonoTime{}};
    }
  }
  return Choice{index, Work::kPoll, rank_of(Work::kPoll), u.due};
}

std::optional<BusSchedule::Choice> BusSchedule::choose(MonoTime now) const {
  std::optional<Choice> best;
  for (std::size_t step = 1; step <= units_.size(); ++step) {  // after the one served last, so that equals take turns
    const auto choice = choice_of((last_ + step) % units_.size(), now);
    if (choice && (!best || std::tie(choice->rank, choice->due) < std::tie(best->rank, best->due))) best = choice;
  }
  return best;
}

BusAction BusSchedule::next(MonoTime now) {
  const auto choice = choose(now);
  if (!choice) return WaitUntil{kNever};
  if (!open_) {
    const MonoTime due = std::max(open_due_, choice->due);
    if (due > now) return WaitUntil{due};
    return OpenLine{};
  }
  if (free_at_ > now) return WaitUntil{free_at_};
  if (flush_due_) return FlushLine{};
  if (choice->due > now) return WaitUntil{choice->due};
  return ask(*choice, now);
}

Ask BusSchedule::ask(const Choice& choice, MonoTime now) {
  Unit& u = units_[choice.unit];
  if (choice.work == Work::kPoll && !u.state.poll_begun()) u.poll_began = now;
  Request request = u.state.next(choice.work);
  Duration timeout =
      u.phase == Phase::kLost && traits_.serial && others_up(choice.unit) ? patience(u) : u.state.unit().response;
  timeout += wire_time(request);
  return Ask{choice.unit, choice.work, std::move(request), timeout};
}

Duration BusSchedule::patience(const Unit& unit) const { return std::min(unit.brief, unit.state.unit().response); }

Duration BusSchedule::wire_time(const Request& request) const {
  return traits_.serial ? exchange_time(*traits_.serial, request) : Duration{0};
}

bool BusSchedule::others_up(std::size_t index) const {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (i != index && units_[i].started && units_[i].phase == Phase::kUp) return true;
  }
  return false;
}

Duration BusSchedule::longest_answer() const {
  Duration longest{};
  for (const auto& u : units_) {
    if (u.started) longest = std::max(longest, u.state.unit().response);
  }
  return longest;
}

void BusSchedule::opened(const Status& status, MonoTime now) {
  open_ = status.has_value();
  if (!open_) {
    open_back_off_ = doubled(open_back_off_);
    open_due_ = now + open_back_off_;
    lose_all(status.error(), now);
    return;
  }
  open_back_off_ = Duration{0};
  free_at_ = now;
  // The answer to a question of the process that had the port before may still be on its way.
  if (traits_.serial) be_silent(longest_answer(), now);
}

void BusSchedule::flushed(std::size_t bytes, MonoTime now) {
  if (bytes > 0 && silent_for_) wait_longer_for(units_[*silent_for_]);
  silent_for_.reset();
  if (bytes == 0 || !traits_.serial) {
    flush_due_ = false;
    noisy_since_.reset();
    return;
  }
  if (!noisy_since_) noisy_since_ = now;
  free_at_ = now + frame_silence(*traits_.serial);
  if (now - *noisy_since_ < kLongestNoise) return;
  lose_all({"modbus_noise", "the wire is never silent; look for a second master, a babbling module or missing bias"},
           now);
  noisy_since_ = now;
  free_at_ = now + kFirstBackOff;
}

void BusSchedule::finished(const Ask& asked, const Reply& reply, Duration took, MonoTime now) {
  last_was_poll_ = asked.work == Work::kPoll;
  if (traits_.serial) free_at_ = now + frame_silence(*traits_.serial);
  if (reply || reply.error().fault == Fault::kException) {
    if (disturbed_ == asked.unit) disturbed_.reset();
    if (units_[asked.unit].started) report(asked.unit, RequestTook{took});
  }
  if (reply) {
    answered(asked, reply, now);
  } else {
    failed(asked, reply.error(), now);
  }
  last_ = asked.unit;
}

void BusSchedule::answered(const Ask& asked, const Reply& reply, MonoTime now) {
  Unit& u = units_[asked.unit];
  if (!u.started) return;
  if (u.phase == Phase::kLost) {
    u.phase = Phase::kConfirming;
    if (traits_.serial) {  // perhaps the answer to an earlier question
      u.due = now + u.state.unit().response;
      return;
    }
  }
  told_.clear();
  const bool completed = u.state.answered(asked.work, asked.request, *reply, now, told_);
  if (completed) {
    if (u.phase == Phase::kConfirming) bring_up(asked.unit, now);
    u.due = std::max(u.poll_began + u.state.unit().poll, now);
  }
  for (auto& told : told_) report(asked.unit, std::move(told));
}

void BusSchedule::bring_up(std::size_t index, MonoTime now) {
  Unit& u = units_[index];
  u.phase = Phase::kUp;
  u.down_told = false;
  u.back_off = Duration{0};
  u.brief = kBriefWait;
  report(index, WentUp{now, ++u.epoch});
}

void BusSchedule::failed(const Ask& asked, const LineFault& fault, MonoTime now) {
  Unit& u = units_[asked.unit];
  const Error why = describe(u.state.unit(), asked.request, fault);
  if (fault.fault == Fault::kException) {
    if (!u.started) return;
    told_.clear();
    const bool in_service = u.phase == Phase::kUp && u.state.refused(asked.work, asked.request, fault, now, told_);
    for (auto& told : told_) report(asked.unit, std::move(told));
    if (!in_service) lose(asked.unit, why, now);
    return;
  }
  if (fault.fault == Fault::kClosed && traits_.serial) {
    open_ = false;
    open_back_off_ = doubled(open_back_off_);
    open_due_ = now + open_back_off_;
    return lose_all(why, now);
  }
  if (!traits_.serial) {
    open_ = false;
    open_due_ = now;
    return lose(asked.unit, why, now);
  }
  be_silent(asked.timeout - wire_time(asked.request), now);
  if (fault.fault == Fault::kForeignAnswer || fault.fault == Fault::kLateBytes) {
    return disturbed_by_late_answer(asked, fault, now);
  }
  if (fault.fault == Fault::kTimeout) silent_for_ = asked.unit;
  lose(asked.unit, why, now);
}

void BusSchedule::disturbed_by_late_answer(const Ask& asked, const LineFault& fault, MonoTime now) {
  const Unit& u = units_[asked.unit];
  const Error why = describe(u.state.unit(), asked.request, fault);
  if (!blame_lost_ones(asked, fault, now)) {  // all are up: which one it was can't be told
    if (fault.fault == Fault::kLateBytes && last_ != asked.unit) lose(last_, why, now);
    return lose(asked.unit, why, now);
  }
  if (u.phase == Phase::kUp && disturbed_ != asked.unit) {
    disturbed_ = asked.unit;  // it is asked again, and lost if it is disturbed again
    return;
  }
  lose(asked.unit, why, now);
}

bool BusSchedule::blame_lost_ones(const Ask& asked, const LineFault& fault, MonoTime now) {
  bool found = false;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    Unit& u = units_[i];
    if (i == asked.unit || !u.started || u.phase == Phase::kUp) continue;
    found = true;
    wait_longer_for(u);
    if (u.phase == Phase::kConfirming) lose(i, describe(u.state.unit(), asked.request, fault), now);
  }
  return found;
}

void BusSchedule::wait_longer_for(Unit& unit) const {
  unit.brief = std::min(2 * unit.brief, unit.state.unit().response);
}

void BusSchedule::lose(std::size_t index, const Error& why, MonoTime now) {
  Unit& u = units_[index];
  if (!u.started) return;
  u.back_off = doubled(u.back_off);
  u.due = now + u.back_off;
  u.phase = Phase::kLost;
  u.state.start_anew();
  if (disturbed_ == index) disturbed_.reset();
  if (u.down_told) return;
  u.down_told = true;
  report(index, WentDown{now, why});
}

void BusSchedule::lose_all(const Error& why, MonoTime now) {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    lose(i, why, now);
    units_[i].back_off = Duration{0};  // it is not the unit that failed
    units_[i].due = now;
  }
}

void BusSchedule::be_silent(Duration time, MonoTime now) {
  free_at_ = std::max(free_at_, now + time);
  flush_due_ = true;
}

std::vector<BusReport> BusSchedule::take_reports() { return std::exchange(reports_, {}); }

}  // namespace exitgate::hal
