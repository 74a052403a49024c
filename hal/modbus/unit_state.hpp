// The points of one module: what is to be asked of it, and what its answers mean. Pure; knows nothing of time-outs or
// of the bus it shares.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "hal/modbus/exchange.hpp"
#include "hal/ports/digital_device.hpp"

namespace exitgate::hal {

/// What a device tells its observer, as values.
struct WentUp {
  MonoTime at{};
  std::uint32_t epoch = 0;  ///< counts the times it went up; a write carries it, so that none outlives a loss
};
struct WentDown {
  MonoTime at{};
  Error why{};
};
struct InputsPolled {
  MonoTime read_at{};
  std::vector<LevelChange> changes;
};
struct OutputsRead {
  MonoTime read_at{};
  std::vector<OutputLevel> levels;
};
struct WriteEnded {
  MonoTime at{};
  OutputLevel level;
  Status status;
};
struct RequestTook {
  Duration time{};
};
using UnitReport = std::variant<WentUp, WentDown, InputsPolled, OutputsRead, WriteEnded, RequestTook>;

enum class Work : std::uint8_t { kWrite, kVerify, kReadOutputs, kPoll };

class UnitState {
 public:
  explicit UnitState(ModbusUnit unit);

  [[nodiscard]] const ModbusUnit& unit() const { return unit_; }

  void write(PortIndex output, bool high);
  void read_outputs();
  /// Forgets all pending work; the next complete poll tells every input.
  void start_anew();

  /// A poll is always wanted.
  [[nodiscard]] bool wants(Work work) const;
  [[nodiscard]] Request next(Work work) const;
  [[nodiscard]] bool poll_begun() const { return poll_step_ > 0; }

  /// `request` is what next(work) returned; nothing was called in between. True when it completed a poll.
  bool answered(Work work, const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
                std::vector<UnitReport>& reports);
  /// The module answered with an exception. False when that is the end of the module's service (its reads are refused).
  [[nodiscard]] bool refused(Work work, const Request& request, const LineFault& fault, MonoTime now,
                             std::vector<UnitReport>& reports);

 private:
  void sent(const Request& request);
  void verified(const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
                std::vector<UnitReport>& reports);
  void outputs_read(const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
                    std::vector<UnitReport>& reports);
  bool polled(const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
              std::vector<UnitReport>& reports);
  void end_write(PortIndex output, bool high, Status status, MonoTime now, std::vector<UnitReport>& reports) const;
  [[nodiscard]] bool pending(PortIndex output) const;
  [[nodiscard]] int coil(PortIndex output) const { return unit_.output_coils[output]; }

  ModbusUnit unit_;
  std::vector<Request> poll_plan_;  ///< of the inputs; of the outputs where there are no inputs, to see the module live
  std::vector<Request> outputs_plan_;
  std::size_t poll_step_ = 0;
  std::size_t outputs_step_ = 0;
  bool outputs_wanted_ = false;
  bool single_writes_ = false;  ///< the module refused FC 15
  bool tell_all_ = true;
  std::vector<bool> levels_;
  std::vector<bool> told_;
  std::vector<OutputLevel> output_levels_;
  std::vector<OutputLevel> writes_;              ///< not sent; oldest first; one for each output at most
  std::vector<std::optional<bool>> unverified_;  ///< sent and not read back
};

}  // namespace exitgate::hal
