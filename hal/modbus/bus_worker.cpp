#include "hal/modbus/bus_worker.hpp"

#include <pthread.h>
#include <signal.h>

#include <ctime>

namespace exitgate::hal {
namespace {

MonoTime monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return mono_from_us(static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

/// Signals are the loop's business: a thread started meanwhile takes none.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

BusWorker::BusWorker(BusMailbox& mailbox, std::unique_ptr<ModbusLine> line, BusTraits traits,
                     std::vector<ModbusUnit> units, std::function<void()> tell_loop)
    : mailbox_(mailbox),
      line_(std::move(line)),
      schedule_(traits, units),
      sessions_(units.size()),
      tell_loop_(std::move(tell_loop)) {
  for (const auto& unit : units) unit_numbers_.push_back(unit.unit);
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "modbus");
}

BusWorker::~BusWorker() {
  mailbox_.tell_stop();
  thread_.join();
}

void BusWorker::run() {
  while (!mailbox_.stopping()) {
    for (const auto& command : mailbox_.take_commands()) obey(command);
    if (mailbox_.full()) {
      mailbox_.wait(std::nullopt);
      continue;
    }
    act(schedule_.next(monotonic_now()));
    hand_over();
  }
  line_->close();
}

void BusWorker::obey(const BusCommand& command) {
  if (const auto* start = std::get_if<StartUnit>(&command)) {
    sessions_[start->unit] = start->session;
    schedule_.start_unit(start->unit, monotonic_now());
  } else if (const auto* stop = std::get_if<StopUnit>(&command)) {
    schedule_.stop_unit(stop->unit);
  } else if (const auto* write = std::get_if<WriteOutput>(&command)) {
    schedule_.write(write->unit, write->epoch, write->output, write->high);
  } else if (const auto* reading = std::get_if<ReadOutputs>(&command)) {
    schedule_.read_outputs(reading->unit, reading->epoch);
  }
}

void BusWorker::act(const BusAction& action) {
  if (const auto* wait = std::get_if<WaitUntil>(&action)) {
    if (wait->time == kNever) return mailbox_.wait(std::nullopt);
    mailbox_.wait(std::max(wait->time - monotonic_now(), Duration{0}));
  } else if (std::holds_alternative<OpenLine>(action)) {
    const Status status = line_->open();
    schedule_.opened(status, monotonic_now());
  } else if (std::holds_alternative<FlushLine>(action)) {
    const std::size_t bytes = line_->flush();
    schedule_.flushed(bytes, monotonic_now());
  } else if (const auto* ask = std::get_if<Ask>(&action)) {
    const MonoTime from = monotonic_now();
    const Reply reply = line_->exchange(unit_numbers_[ask->unit], ask->request, ask->timeout);
    const MonoTime to = monotonic_now();
    schedule_.finished(*ask, reply, to - from, to);
  }
}

void BusWorker::hand_over() {
  auto told = schedule_.take_reports();
  if (told.empty()) return;
  std::vector<DeviceReport> reports;
  for (auto& one : told) reports.push_back({one.unit, sessions_[one.unit], std::move(one.report)});
  if (mailbox_.put_reports(std::move(reports))) tell_loop_();
}

}  // namespace exitgate::hal
