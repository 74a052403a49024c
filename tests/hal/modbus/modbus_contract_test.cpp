#include <tuple>

#include "modbus_benches.hpp"

using ContractBenches = std::tuple<exitgate::hal::ModbusTcpBench, exitgate::hal::ModbusRtuBench>;
#include "contract/digital_device_contract.hpp"
