#include "hal/modbus/mailbox.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/check.hpp"

namespace exitgate::hal {
namespace {

constexpr std::size_t kFullAt = 1024;

void signal(int descriptor) {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then it is readable already.
  [[maybe_unused]] const auto written = ::write(descriptor, &one, sizeof one);
}

void drain(int descriptor) {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(descriptor, &count, sizeof count);
}

}  // namespace

BusMailbox::BusMailbox()
    : wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), stop_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  EXITGATE_CHECK(wake_ >= 0 && stop_ >= 0);
}

BusMailbox::~BusMailbox() {
  ::close(wake_);
  ::close(stop_);
}

void BusMailbox::wake() const { signal(wake_); }

void BusMailbox::send(const BusCommand& command) {
  {
    const std::scoped_lock lock(mutex_);
    for (auto& waiting : commands_) {
      if (const auto* newer = std::get_if<WriteOutput>(&command)) {
        auto* older = std::get_if<WriteOutput>(&waiting);
        if (older != nullptr && older->unit == newer->unit && older->output == newer->output) {
          *older = *newer;
          return;
        }
      } else if (const auto* reading = std::get_if<ReadOutputs>(&command)) {
        const auto* same = std::get_if<ReadOutputs>(&waiting);
        if (same != nullptr && *same == *reading) return;
      }
    }
    commands_.push_back(command);
  }
  wake();
}

std::vector<DeviceReport> BusMailbox::take_reports() {
  std::vector<DeviceReport> taken;
  {
    const std::scoped_lock lock(mutex_);
    taken.swap(reports_);
    told_ = false;
    if (taken.size() < kFullAt) return taken;
  }
  wake();
  return taken;
}

void BusMailbox::tell_stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  signal(stop_);
}

void BusMailbox::clear() {
  const std::scoped_lock lock(mutex_);
  commands_.clear();
  stopping_ = false;
  drain(stop_);
  drain(wake_);
}

std::vector<BusCommand> BusMailbox::take_commands() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(commands_, {});
}

bool BusMailbox::put_reports(std::vector<DeviceReport> reports) {
  const std::scoped_lock lock(mutex_);
  for (auto& report : reports) add_report(std::move(report));
  return !std::exchange(told_, true);
}

void BusMailbox::add_report(DeviceReport report) {
  const auto newest = std::find_if(reports_.rbegin(), reports_.rend(), [&](const auto& told) {
    return told.unit == report.unit && !std::holds_alternative<RequestTook>(told.report);
  });
  auto* poll = std::get_if<InputsPolled>(&report.report);
  if (poll != nullptr && newest != reports_.rend() && newest->session == report.session) {
    auto* before = std::get_if<InputsPolled>(&newest->report);
    if (before != nullptr && before->changes.size() + poll->changes.size() <= kMaxChangesPerPoll) {
      before->read_at = poll->read_at;
      before->changes.insert(before->changes.end(), poll->changes.begin(), poll->changes.end());
      return;
    }
  }
  if (std::holds_alternative<RequestTook>(report.report) && reports_.size() >= kFullAt / 2) return;
  reports_.push_back(std::move(report));
}

bool BusMailbox::full() const {
  const std::scoped_lock lock(mutex_);
  return reports_.size() >= kFullAt;
}

bool BusMailbox::stopping() const {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

void BusMailbox::wait(std::optional<Duration> bound) {
  pollfd watched[2] = {{wake_, POLLIN, 0}, {stop_, POLLIN, 0}};
  timespec time{};
  if (bound) {
    time.tv_sec = static_cast<time_t>(bound->count() / 1'000'000);
    time.tv_nsec = static_cast<long>(bound->count() % 1'000'000 * 1000);
  }
  if (ppoll(watched, 2, bound ? &time : nullptr, nullptr) > 0 && watched[0].revents != 0) drain(wake_);
}

}  // namespace exitgate::hal
