#include "hal/modbus/libmodbus_line.hpp"

#include <modbus/modbus.h>
#include <sys/ioctl.h>
#include <sys/select.h>

#include <algorithm>
#include <cerrno>

namespace exitgate::hal {
namespace {

LineFault fault_of_errno(int error) {
  if (error == ETIMEDOUT) return {Fault::kTimeout, 0, "no answer"};
  if (error > MODBUS_ENOBASE && error < MODBUS_ENOBASE + MODBUS_EXCEPTION_MAX) {
    return {Fault::kException, error - MODBUS_ENOBASE, text_of_errno(error)};
  }
  if (error == EMBBADSLAVE) return {Fault::kForeignAnswer, 0, text_of_errno(error)};
  if (error == EMBBADCRC || error == EMBBADDATA || error == EMBBADEXC || error == EMBUNKEXC || error == EMBMDATA) {
    return {Fault::kBadAnswer, 0, text_of_errno(error)};
  }
  return {Fault::kClosed, 0, text_of_errno(error)};
}

int call(modbus_t* context, const Request& request, std::vector<std::uint8_t>& bits) {
  switch (request.function) {
    case Function::kReadCoils:
      bits.resize(static_cast<std::size_t>(request.count));
      return modbus_read_bits(context, request.first, request.count, bits.data());
    case Function::kReadDiscretes:
      bits.resize(static_cast<std::size_t>(request.count));
      return modbus_read_input_bits(context, request.first, request.count, bits.data());
    case Function::kWriteCoil:
      return modbus_write_bit(context, request.first, request.levels.at(0));
    case Function::kWriteCoils:
      return modbus_write_bits(context, request.first, request.count, request.levels.data());
  }
  errno = EINVAL;
  return -1;
}

}  // namespace

void FreeModbus::operator()(modbus_t* context) const { modbus_free(context); }

std::string text_of_errno(int error) { return modbus_strerror(error); }

Status prepare(modbus_t* context) {
  if (context == nullptr) return fail("modbus_open", "libmodbus refused the settings: " + text_of_errno(errno));
  modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE);
  modbus_set_byte_timeout(context, 0, 0);
  modbus_set_debug(context, 0);
  return {};
}

Status check_descriptor(int descriptor) {
  if (descriptor >= 0 && descriptor < FD_SETSIZE) return {};
  return fail("modbus_too_many_files", "descriptor " + std::to_string(descriptor) +
                                           " is beyond what libmodbus can use (" + std::to_string(FD_SETSIZE) +
                                           "); close files or use fewer connections");
}

int bytes_waiting(int descriptor) {
  int waiting = 0;
  if (ioctl(descriptor, FIONREAD, &waiting) != 0) return 0;
  return waiting;
}

Reply exchange(modbus_t* context, int unit, const Request& request, Duration timeout) {
  constexpr std::int64_t kSecond = 1'000'000;
  const auto time = std::max<std::int64_t>(timeout.count(), 1000);
  modbus_set_response_timeout(context, static_cast<std::uint32_t>(time / kSecond),
                              static_cast<std::uint32_t>(time % kSecond));
  std::vector<std::uint8_t> bits;
  if (modbus_set_slave(context, unit) != 0)
    return tl::unexpected(LineFault{Fault::kBadAnswer, 0, "unit number out of range"});
  errno = 0;
  const int done = call(context, request, bits);
  if (done < 0) return tl::unexpected(fault_of_errno(errno));
  if (done != request.count) return tl::unexpected(LineFault{Fault::kBadAnswer, 0, "wrong quantity"});
  return bits;
}

}  // namespace exitgate::hal
