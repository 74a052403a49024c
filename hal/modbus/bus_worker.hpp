// The thread of a bus: asks the schedule what to do, does it on the line, and puts what came of it into the mailbox.
// Ownership: owns line and schedule. The mailbox must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "hal/modbus/mailbox.hpp"

namespace exitgate::hal {

class BusWorker {
 public:
  /// `tell_loop` is called on the worker's thread when the mailbox has reports to fetch.
  BusWorker(BusMailbox& mailbox, std::unique_ptr<ModbusLine> line, BusTraits traits, std::vector<ModbusUnit> units,
            std::function<void()> tell_loop);
  /// Waits for the exchange in flight.
  ~BusWorker();
  BusWorker(const BusWorker&) = delete;
  BusWorker& operator=(const BusWorker&) = delete;

 private:
  void run();
  void obey(const BusCommand& command);
  void act(const BusAction& action);
  void hand_over();

  BusMailbox& mailbox_;
  std::unique_ptr<ModbusLine> line_;
  BusSchedule schedule_;
  std::vector<int> unit_numbers_;
  std::vector<std::uint64_t> sessions_;
  std::function<void()> tell_loop_;
  std::thread thread_;
};

}  // namespace exitgate::hal
