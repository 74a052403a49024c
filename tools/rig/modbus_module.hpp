// A digital I/O module as Modbus shows it: discrete inputs, coils, and a watchdog that drops its outputs.
// Purpose: the part of a Modbus server that is the same on TCP and RTU. Written for the rig alone, so that an error in
// the daemon's driver is not met by the same error here.
//
// Pure: time is an argument. Protocol: MODBUS Application Protocol Specification V1.1b3, sections 6.1, 6.2, 6.5, 6.11
// and 7 (exceptions). Function codes 1, 2, 5 and 15; every other is answered with exception 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/encoding.hpp"
#include "base/mono_time.hpp"

namespace exitgate::rig {

class ModbusModule {
 public:
  /// `drops_after`: silence after which all outputs fall (a fail-safe module); none: they stay as they are.
  ModbusModule(std::size_t inputs, std::size_t coils, std::optional<Duration> drops_after);

  /// The answer to one request, both without address and check sum.
  [[nodiscard]] Bytes answer(std::span<const std::uint8_t> request, MonoTime now);
  /// Drops the outputs once nobody has asked for `drops_after`.
  void step(MonoTime now);

  [[nodiscard]] std::size_t inputs() const { return inputs_.size(); }
  [[nodiscard]] std::size_t coils() const { return coils_.size(); }
  [[nodiscard]] bool coil(std::size_t index) const { return coils_.at(index); }
  void set_input(std::size_t index, bool high) { inputs_.at(index) = high; }
  /// Requests answered so far: tells whether a daemon talks to the module.
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] std::optional<MonoTime> asked_at() const { return asked_at_; }
  [[nodiscard]] bool dropped() const { return dropped_; }

 private:
  [[nodiscard]] Bytes read_bits(std::span<const std::uint8_t> request, const std::vector<bool>& bits) const;
  [[nodiscard]] Bytes write_coil(std::span<const std::uint8_t> request);
  [[nodiscard]] Bytes write_coils(std::span<const std::uint8_t> request);

  std::vector<bool> inputs_;
  std::vector<bool> coils_;
  std::optional<Duration> drops_after_;
  std::optional<MonoTime> asked_at_;
  std::uint64_t requests_ = 0;
  bool dropped_ = false;
};

}  // namespace exitgate::rig
