// Port: a device with digital inputs and outputs (a Modbus module, a gpiochip, the simulated one).
// Purpose: the shell reads levels and writes outputs without knowing what drives them.
//
// Ownership: the caller owns the device and the observer; the observer must outlive stop().
// Thread: every method is called, and every callback is made, on the loop's thread. Drivers that block have a worker of
// their own and post to the loop.
// Errors: as values through the observer; a device that is lost retries by itself, with back-off, until stop().
//
// Contract (tests/contract/digital_device_contract.hpp holds every driver to it):
//  - After start() nothing is assumed: the first callback is on_up() followed by on_polled() with the level of every
//    configured input, or on_down(). Levels are raw electrical levels (true = high, energised); polarity is the caller's.
//  - on_polled() is called after every completed read of all inputs, at least every poll period while up, also when
//    nothing changed: it is the proof of freshness. `changes` holds the inputs whose level differs from the last reported one
//    (all of them after on_up()), in the order they happened, at most kMaxChangesPerPoll.
//  - write() never blocks. It replaces a pending write of the same output that has not gone out yet. Writes go before reads.
//    on_written() tells the end of the newest one, after verification by read-back where the medium cannot be trusted.
//  - read_outputs() asks for one reading of every configured output; on_outputs() answers, unless the device goes down.
//  - When the device goes down every pending write is dropped, never sent later. on_down() is called once, then on_up() once
//    when it answers again; between them there is no other callback.
//  - stop() releases the medium, leaves outputs as they are, and no callback comes after it returned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"

namespace exitgate::hal {

/// Index into the device's own list of configured inputs, or of outputs.
using PortIndex = std::uint16_t;

inline constexpr std::size_t kMaxChangesPerPoll = 4096;

struct LevelChange {
  PortIndex input = 0;
  bool high = false;
  MonoTime at{};  ///< when it happened, as near as the medium tells (edge time stamp; end of the read for polled media)
  friend bool operator==(const LevelChange&, const LevelChange&) = default;
};

struct OutputLevel {
  PortIndex output = 0;
  bool high = false;
  friend bool operator==(const OutputLevel&, const OutputLevel&) = default;
};

class DigitalDeviceObserver {
 public:
  virtual ~DigitalDeviceObserver() = default;
  virtual void on_up(MonoTime at) = 0;
  virtual void on_down(MonoTime at, const Error& why) = 0;
  virtual void on_polled(MonoTime read_at, std::span<const LevelChange> changes) = 0;
  virtual void on_outputs(MonoTime read_at, std::span<const OutputLevel> levels) = 0;
  virtual void on_written(MonoTime at, PortIndex output, bool high, const Status& status) = 0;
};

class DigitalDevice {
 public:
  virtual ~DigitalDevice() = default;
  virtual void start(DigitalDeviceObserver& observer) = 0;
  virtual void write(PortIndex output, bool high) = 0;
  virtual void read_outputs() = 0;
  virtual void stop() = 0;
};

}  // namespace exitgate::hal
