#include "tools/rig/modbus_module.hpp"

#include <algorithm>

namespace exitgate::rig {
namespace {

constexpr std::uint8_t kReadCoils = 1;
constexpr std::uint8_t kReadDiscreteInputs = 2;
constexpr std::uint8_t kWriteSingleCoil = 5;
constexpr std::uint8_t kWriteMultipleCoils = 15;

constexpr std::uint8_t kIllegalFunction = 1;
constexpr std::uint8_t kIllegalAddress = 2;
constexpr std::uint8_t kIllegalValue = 3;

constexpr std::size_t kMaxRead = 2000;
constexpr std::size_t kMaxWrite = 1968;

Bytes exception(std::uint8_t function, std::uint8_t code) { return {static_cast<std::uint8_t>(function | 0x80), code}; }

std::size_t word(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

}  // namespace

ModbusModule::ModbusModule(std::size_t inputs, std::size_t coils, std::optional<Duration> drops_after)
    : inputs_(inputs, false), coils_(coils, false), drops_after_(drops_after) {}

Bytes ModbusModule::answer(std::span<const std::uint8_t> request, MonoTime now) {
  if (request.empty()) return exception(0, kIllegalFunction);
  asked_at_ = now;
  dropped_ = false;
  ++requests_;
  switch (request[0]) {
    case kReadCoils:
      return read_bits(request, coils_);
    case kReadDiscreteInputs:
      return read_bits(request, inputs_);
    case kWriteSingleCoil:
      return write_coil(request);
    case kWriteMultipleCoils:
      return write_coils(request);
    default:
      return exception(request[0], kIllegalFunction);
  }
}

void ModbusModule::step(MonoTime now) {
  if (!drops_after_ || !asked_at_ || dropped_ || now - *asked_at_ < *drops_after_) return;
  std::fill(coils_.begin(), coils_.end(), false);
  dropped_ = true;
}

Bytes ModbusModule::read_bits(std::span<const std::uint8_t> request, const std::vector<bool>& bits) const {
  if (request.size() != 5) return exception(request[0], kIllegalValue);
  const std::size_t first = word(request, 1);
  const std::size_t count = word(request, 3);
  if (count < 1 || count > kMaxRead) return exception(request[0], kIllegalValue);
  if (first + count > bits.size()) return exception(request[0], kIllegalAddress);
  const std::size_t size = (count + 7) / 8;
  Bytes reply(2 + size, 0);
  reply[0] = request[0];
  reply[1] = static_cast<std::uint8_t>(size);
  for (std::size_t i = 0; i < count; ++i) {
    if (bits[first + i]) reply[2 + i / 8] = static_cast<std::uint8_t>(reply[2 + i / 8] | 1U << (i % 8));
  }
  return reply;
}

Bytes ModbusModule::write_coil(std::span<const std::uint8_t> request) {
  if (request.size() != 5) return exception(request[0], kIllegalValue);
  const std::size_t value = word(request, 3);
  if (value != 0 && value != 0xFF00) return exception(request[0], kIllegalValue);
  const std::size_t at = word(request, 1);
  if (at >= coils_.size()) return exception(request[0], kIllegalAddress);
  coils_[at] = value != 0;
  return {request.begin(), request.end()};
}

Bytes ModbusModule::write_coils(std::span<const std::uint8_t> request) {
  if (request.size() < 7) return exception(request[0], kIllegalValue);
  const std::size_t first = word(request, 1);
  const std::size_t count = word(request, 3);
  const std::size_t size = (count + 7) / 8;
  if (count < 1 || count > kMaxWrite || request[5] != size || request.size() != 6 + size) {
    return exception(request[0], kIllegalValue);
  }
  if (first + count > coils_.size()) return exception(request[0], kIllegalAddress);
  for (std::size_t i = 0; i < count; ++i) coils_[first + i] = (request[6 + i / 8] >> (i % 8) & 1) != 0;
  return {request.begin(), request.begin() + 5};
}

}  // namespace exitgate::rig
