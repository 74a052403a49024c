#include "hal/modbus/exchange.hpp"

#include <string_view>

namespace exitgate::hal {
namespace {

std::string_view name_of(Function function) {
  switch (function) {
    case Function::kReadCoils:
      return "read coils";
    case Function::kReadDiscretes:
      return "read discrete inputs";
    case Function::kWriteCoil:
      return "write coil";
    case Function::kWriteCoils:
      return "write coils";
  }
  return "unknown";
}

struct ExceptionText {
  std::string_view code;
  std::string_view text;
};

// Modbus Application Protocol 1.1b3, section 7.
ExceptionText text_of_exception(int exception) {
  switch (exception) {
    case 1:
      return {"modbus_illegal_function",
              "illegal function: the module does not know this function; use a point it has"};
    case 2:
      return {"modbus_illegal_address",
              "illegal data address: the module has no such point; compare the point numbers with its manual (they "
              "count from 0)"};
    case 3:
      return {"modbus_illegal_value", "illegal data value; compare the point numbers with the module's manual"};
    case 4:
      return {"modbus_device_failure", "device failure: the module has failed; see its lamps and its manual"};
    case 5:
    case 6:
      return {"modbus_device_busy", "busy; it is asked again"};
    case 10:
      return {"modbus_gateway_path", "gateway path unavailable; look at the gateway's configuration"};
    case 11:
      return {"modbus_gateway_target",
              "the gateway's target did not answer; look at the module's power, cable and unit number"};
    default:
      return {"modbus_exception", "an exception of another kind; see the module's manual"};
  }
}

}  // namespace

std::string describe(const Request& request) {
  std::string text = "FC" + std::to_string(static_cast<int>(request.function)) + " (" +
                     std::string(name_of(request.function)) + ") at " + std::to_string(request.first);
  if (request.count > 1) text += "–" + std::to_string(request.first + request.count - 1);
  return text;
}

Error describe(const ModbusUnit& unit, const Request& request, const LineFault& fault) {
  const std::string where = unit.name + ": unit " + std::to_string(unit.unit) + ", " + describe(request) + ": ";
  switch (fault.fault) {
    case Fault::kTimeout:
      return {"modbus_timeout",
              where + "no answer in time; look at the module's power, cable, unit number and line settings"};
    case Fault::kBadAnswer:
      return {"modbus_bad_answer", where + "the answer is damaged or not to this request (" + fault.detail +
                                       "); look at cable, termination and line settings"};
    case Fault::kForeignAnswer:
      return {"modbus_foreign_answer",
              where + "another unit answered; look for two modules with one unit number or a second master"};
    case Fault::kLateBytes:
      return {"modbus_late_answer", where + "bytes came that nobody asked for (" + fault.detail +
                                        "): an answer came too late; make response_ms longer"};
    case Fault::kException: {
      const auto text = text_of_exception(fault.exception);
      return {text.code,
              where + "refused with exception " + std::to_string(fault.exception) + ", " + std::string(text.text)};
    }
    case Fault::kClosed:
      return {"modbus_closed", where + "the line is gone (" + fault.detail + "); it is opened again"};
  }
  return {"modbus_bad_answer", where + fault.detail};
}

}  // namespace exitgate::hal
