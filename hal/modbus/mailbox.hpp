// What passes between the loop and a bus's worker. The only state they share.
//
// Thread: any call from either side; the mutex is held for moves of small values only. Bounded: commands by the number
// of outputs (a newer write replaces an older one), reports by kFullAt (then the worker pauses until the loop has taken
// them: a loop that stands still gets stale inputs, not a growing queue).
#pragma once

#include <mutex>
#include <variant>
#include <vector>

#include "hal/modbus/bus_schedule.hpp"

namespace exitgate::hal {

struct StartUnit {
  std::size_t unit = 0;
  std::uint64_t session = 0;
};
struct StopUnit {
  std::size_t unit = 0;
};
struct WriteOutput {
  std::size_t unit = 0;
  std::uint32_t epoch = 0;
  PortIndex output = 0;
  bool high = false;
};
struct ReadOutputs {
  std::size_t unit = 0;
  std::uint32_t epoch = 0;
  friend bool operator==(const ReadOutputs&, const ReadOutputs&) = default;
};
using BusCommand = std::variant<StartUnit, StopUnit, WriteOutput, ReadOutputs>;

struct DeviceReport {
  std::size_t unit = 0;
  std::uint64_t session = 0;  ///< of the start() it belongs to
  UnitReport report;
};

class BusMailbox {
 public:
  BusMailbox();
  ~BusMailbox();
  BusMailbox(const BusMailbox&) = delete;
  BusMailbox& operator=(const BusMailbox&) = delete;

  // The loop's side.
  void send(const BusCommand& command);
  [[nodiscard]] std::vector<DeviceReport> take_reports();
  void tell_stop();
  /// Before a new worker starts.
  void clear();

  // The worker's side.
  [[nodiscard]] std::vector<BusCommand> take_commands();
  /// True when the loop is to be told that there are reports (it has not been since it last took them).
  [[nodiscard]] bool put_reports(std::vector<DeviceReport> reports);
  [[nodiscard]] bool full() const;
  [[nodiscard]] bool stopping() const;
  /// Until a command comes, reports are taken, or the time is over.
  void wait(std::optional<Duration> bound);
  [[nodiscard]] int stop_descriptor() const { return stop_; }

 private:
  void add_report(DeviceReport report);
  void wake() const;

  mutable std::mutex mutex_;
  std::vector<BusCommand> commands_;
  std::vector<DeviceReport> reports_;
  bool told_ = false;
  bool stopping_ = false;
  int wake_;
  int stop_;
};

}  // namespace exitgate::hal
