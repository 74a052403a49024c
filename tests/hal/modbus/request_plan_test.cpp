#include "hal/modbus/request_plan.hpp"

#include <rapidcheck.h>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>

#include "hal/modbus/rtu_timing.hpp"

namespace exitgate::hal {
namespace {

std::vector<ModbusInput> discretes(std::initializer_list<int> addresses) {
  std::vector<ModbusInput> points;
  for (const int address : addresses) points.push_back({BitTable::kDiscrete, address});
  return points;
}

TEST_CASE("points at most 64 apart are read in one request, whatever their order") {
  CHECK(plan_reads(discretes({64, 0})) == std::vector<Request>{{Function::kReadDiscretes, 0, 65, {}}});
  CHECK(plan_reads(discretes({0, 65})) ==
        std::vector<Request>{{Function::kReadDiscretes, 0, 1, {}}, {Function::kReadDiscretes, 65, 1, {}}});
  CHECK(plan_reads(discretes({0, 60, 120, 180})) == std::vector<Request>{{Function::kReadDiscretes, 0, 181, {}}});
  CHECK(plan_reads(discretes({7, 7})) == std::vector<Request>{{Function::kReadDiscretes, 7, 1, {}}});
  CHECK(plan_reads({}).empty());
}

TEST_CASE("coils and discrete inputs are never read in one request") {
  const std::vector<ModbusInput> points{{BitTable::kCoil, 1}, {BitTable::kDiscrete, 2}};
  CHECK(plan_reads(points) ==
        std::vector<Request>{{Function::kReadDiscretes, 2, 1, {}}, {Function::kReadCoils, 1, 1, {}}});
}

TEST_CASE("any points are covered by reads within the protocol's bounds, each once") {
  rc::check([](const std::vector<std::uint16_t>& addresses, bool coils) {
    std::vector<ModbusInput> points;
    for (const auto address : addresses) points.push_back({coils ? BitTable::kCoil : BitTable::kDiscrete, address});
    const auto plan = plan_reads(points);
    for (const auto address : addresses) {
      RC_ASSERT(std::count_if(plan.begin(), plan.end(), [&](const auto& r) { return r.covers(address); }) == 1);
    }
    for (const auto& request : plan) RC_ASSERT(request.count >= 1 && request.count <= kMaxReadBits);
    for (std::size_t i = 1; i < plan.size(); ++i) RC_ASSERT(plan[i - 1].first + plan[i - 1].count <= plan[i].first);
  });
}

TEST_CASE("pending coils next to each other go out in one FC 15, with no coil in between that nobody wrote") {
  const std::vector<CoilLevel> pending{{9, true}, {11, true}, {8, false}, {10, false}, {13, true}};
  CHECK(plan_write(pending, false) == Request{Function::kWriteCoils, 8, 4, {0, 1, 0, 1}});
  CHECK(plan_write(pending, true) == Request{Function::kWriteCoil, 9, 1, {1}});
  CHECK(plan_write(std::vector<CoilLevel>{{13, true}, {9, true}}, false) == Request{Function::kWriteCoil, 13, 1, {1}});
}

TEST_CASE("a write carries the oldest pending coil and only pending ones") {
  rc::check([](const std::set<std::uint8_t>& addresses, bool high) {
    RC_PRE(!addresses.empty());
    std::vector<CoilLevel> pending;
    for (const auto address : addresses) pending.push_back({address, high});
    std::swap(pending.front(), pending.back());
    const auto write = plan_write(pending, false);
    RC_ASSERT(write.covers(pending.front().address));
    RC_ASSERT(write.levels.size() == static_cast<std::size_t>(write.count));
    for (int a = write.first; a < write.first + write.count; ++a)
      RC_ASSERT(addresses.contains(static_cast<std::uint8_t>(a)));
  });
}

TEST_CASE("wire times are those of the serial line document") {
  const Request read{Function::kReadDiscretes, 0, 16, {}};
  const Request write{Function::kWriteCoil, 0, 1, {1}};
  const auto within = [](Duration time, int us) { return std::abs(time.count() - us) <= 100; };
  CHECK(within(exchange_time({9600, 11}, read), 25'200));
  CHECK(within(exchange_time({9600, 11}, write), 26'350));
  CHECK(within(exchange_time({19200, 11}, read), 12'600));
  CHECK(within(exchange_time({19200, 11}, write), 13'180));
  CHECK(within(exchange_time({115200, 11}, read), 4'930));
  CHECK(within(exchange_time({115200, 11}, write), 5'030));
  CHECK(frame_silence({38400, 11}) == Duration{1750});
}

TEST_CASE("a character has a start, eight data, stop and perhaps a parity bit") {
  CHECK(rtu_line({"", 19200, 'E', 1, {}}).bits_per_character == 11);
  CHECK(rtu_line({"", 19200, 'N', 1, {}}).bits_per_character == 10);
  CHECK(rtu_line({"", 19200, 'N', 2, {}}).bits_per_character == 11);
}

TEST_CASE("the cycle of a bus is every poll of every unit and one write with its read-back") {
  ModbusUnit unit;
  unit.inputs = discretes({0, 15});
  unit.output_coils = {0};
  const RtuLine line{19200, 11};
  const Request read{Function::kReadDiscretes, 0, 16, {}};
  const auto one = rtu_cycle(line, std::vector<ModbusUnit>{unit});
  CHECK(one.polls == exchange_time(line, read));
  CHECK(one.write ==
        exchange_time(line, {Function::kWriteCoil, 0, 1, {1}}) + exchange_time(line, {Function::kReadCoils, 0, 1, {}}));
  const auto three = rtu_cycle(line, std::vector<ModbusUnit>{unit, unit, unit});
  CHECK(three.polls == 3 * one.polls);
  CHECK(three.write == one.write);
  CHECK(three.total() == three.polls + three.write);
  ModbusUnit far_apart = unit;
  far_apart.inputs = discretes({0, 100, 200});
  CHECK(rtu_cycle(line, std::vector<ModbusUnit>{far_apart}).polls > 2 * one.polls);
}

}  // namespace
}  // namespace exitgate::hal
