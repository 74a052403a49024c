#include "hal/modbus/unit_state.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace exitgate::hal {
namespace {

std::vector<ModbusInput> as_coils(const std::vector<int>& addresses) {
  std::vector<ModbusInput> points;
  for (const int address : addresses) points.push_back({BitTable::kCoil, address});
  return points;
}

bool bit_at(const Request& request, const std::vector<std::uint8_t>& bits, int address) {
  return bits.at(static_cast<std::size_t>(address - request.first)) != 0;
}

BitTable table_of(const Request& request) {
  return request.function == Function::kReadDiscretes ? BitTable::kDiscrete : BitTable::kCoil;
}

}  // namespace

UnitState::UnitState(ModbusUnit unit)
    : unit_(std::move(unit)),
      poll_plan_(unit_.inputs.empty() ? plan_reads(as_coils(unit_.output_coils)) : plan_reads(unit_.inputs)),
      outputs_plan_(plan_reads(as_coils(unit_.output_coils))),
      levels_(unit_.inputs.size()),
      told_(unit_.inputs.size()),
      unverified_(unit_.output_coils.size()) {
  EXITGATE_CHECK(!poll_plan_.empty());
}

void UnitState::write(PortIndex output, bool high) {
  EXITGATE_CHECK(output < unit_.output_coils.size());
  const auto same = std::find_if(writes_.begin(), writes_.end(), [&](const auto& w) { return w.output == output; });
  if (same != writes_.end()) {
    same->high = high;
  } else {
    writes_.push_back({output, high});
  }
}

void UnitState::read_outputs() {
  outputs_wanted_ = true;
  outputs_step_ = 0;
  output_levels_.clear();
}

void UnitState::start_anew() {
  writes_.clear();
  std::fill(unverified_.begin(), unverified_.end(), std::nullopt);
  outputs_wanted_ = false;
  poll_step_ = 0;
  tell_all_ = true;
}

bool UnitState::pending(PortIndex output) const {
  return std::any_of(writes_.begin(), writes_.end(), [&](const auto& w) { return w.output == output; });
}

bool UnitState::wants(Work work) const {
  switch (work) {
    case Work::kWrite:
      return !writes_.empty();
    case Work::kVerify:
      return std::any_of(unverified_.begin(), unverified_.end(), [](const auto& level) { return level.has_value(); });
    case Work::kReadOutputs:
      return outputs_wanted_;
    case Work::kPoll:
      return true;
  }
  return false;
}

Request UnitState::next(Work work) const {
  EXITGATE_CHECK(wants(work));
  if (work == Work::kPoll) return poll_plan_[poll_step_];
  if (work == Work::kReadOutputs && !outputs_plan_.empty()) return outputs_plan_[outputs_step_];
  if (work == Work::kReadOutputs) return poll_plan_.front();  // no outputs: any answer will do
  if (work == Work::kWrite) {
    std::vector<CoilLevel> coils;
    for (const auto& write : writes_) coils.push_back({coil(write.output), write.high});
    return plan_write(coils, single_writes_);
  }
  std::vector<ModbusInput> points;
  for (std::size_t i = 0; i < unverified_.size(); ++i) {
    if (unverified_[i]) points.push_back({BitTable::kCoil, unit_.output_coils[i]});
  }
  return plan_reads(points).front();
}

bool UnitState::answered(Work work, const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
                         std::vector<UnitReport>& reports) {
  switch (work) {
    case Work::kWrite:
      sent(request);
      return false;
    case Work::kVerify:
      verified(request, bits, now, reports);
      return false;
    case Work::kReadOutputs:
      outputs_read(request, bits, now, reports);
      return false;
    case Work::kPoll:
      return polled(request, bits, now, reports);
  }
  return false;
}

void UnitState::sent(const Request& request) {
  for (const auto& write : writes_) {
    if (request.covers(coil(write.output))) unverified_[write.output] = write.high;
  }
  std::erase_if(writes_, [&](const auto& write) { return request.covers(coil(write.output)); });
}

void UnitState::end_write(PortIndex output, bool high, Status status, MonoTime now,
                          std::vector<UnitReport>& reports) const {
  if (pending(output)) return;  // a newer one is on its way, and only the newest is told
  reports.push_back(WriteEnded{now, {output, high}, std::move(status)});
}

void UnitState::verified(const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
                         std::vector<UnitReport>& reports) {
  for (PortIndex output = 0; output < unverified_.size(); ++output) {
    if (!unverified_[output] || !request.covers(coil(output))) continue;
    const bool high = *unverified_[output];
    unverified_[output].reset();
    Status status;
    if (bit_at(request, bits, coil(output)) != high) {
      status = fail("modbus_write_not_verified",
                    unit_.name + ": unit " + std::to_string(unit_.unit) + ": coil " + std::to_string(coil(output)) +
                        " reads back " + (high ? "off" : "on") + " after it was written " + (high ? "on" : "off") +
                        "; look at the module's mode and at other masters that write to it");
    }
    end_write(output, high, std::move(status), now, reports);
  }
}

void UnitState::outputs_read(const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
                             std::vector<UnitReport>& reports) {
  for (PortIndex output = 0; output < unit_.output_coils.size(); ++output) {
    if (request.covers(coil(output))) output_levels_.push_back({output, bit_at(request, bits, coil(output))});
  }
  if (++outputs_step_ < outputs_plan_.size()) return;
  std::sort(output_levels_.begin(), output_levels_.end(), [](auto a, auto b) { return a.output < b.output; });
  outputs_wanted_ = false;
  reports.push_back(OutputsRead{now, std::exchange(output_levels_, {})});
}

bool UnitState::polled(const Request& request, const std::vector<std::uint8_t>& bits, MonoTime now,
                       std::vector<UnitReport>& reports) {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const auto& input = unit_.inputs[i];
    if (input.table == table_of(request) && request.covers(input.address))
      levels_[i] = bit_at(request, bits, input.address);
  }
  if (++poll_step_ < poll_plan_.size()) return false;
  poll_step_ = 0;
  InputsPolled report{now, {}};
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (tell_all_ || levels_[i] != told_[i]) report.changes.push_back({static_cast<PortIndex>(i), levels_[i], now});
  }
  told_ = levels_;
  tell_all_ = false;
  reports.push_back(std::move(report));
  return true;
}

bool UnitState::refused(Work work, const Request& request, const LineFault& fault, MonoTime now,
                        std::vector<UnitReport>& reports) {
  if (work == Work::kPoll || work == Work::kReadOutputs) return false;
  constexpr int kIllegalFunction = 1;
  if (request.function == Function::kWriteCoils && fault.exception == kIllegalFunction) {
    single_writes_ = true;  // FC 15 is optional; the same coils go out one by one
    return true;
  }
  const Error why = describe(unit_, request, fault);
  if (work == Work::kWrite) {
    std::vector<OutputLevel> given_up;
    for (const auto& write : writes_) {
      if (request.covers(coil(write.output))) given_up.push_back(write);
    }
    std::erase_if(writes_, [&](const auto& write) { return request.covers(coil(write.output)); });
    for (const auto& write : given_up) end_write(write.output, write.high, fail(why), now, reports);
    return true;
  }
  for (PortIndex output = 0; output < unverified_.size(); ++output) {
    if (!unverified_[output] || !request.covers(coil(output))) continue;
    const bool high = *unverified_[output];
    unverified_[output].reset();
    end_write(output, high, fail(why), now, reports);
  }
  return true;
}

}  // namespace exitgate::hal
