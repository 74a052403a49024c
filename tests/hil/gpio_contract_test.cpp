#include <tuple>

#include "gpio_sim_bench.hpp"

using ContractBenches = std::tuple<exitgate::hal::GpioSimBench>;
#include "contract/digital_device_contract.hpp"
