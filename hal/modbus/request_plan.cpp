#include "hal/modbus/request_plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.hpp"

namespace exitgate::hal {

std::vector<Request> plan_reads(std::span<const ModbusInput> points) {
  std::vector<Request> requests;
  for (const BitTable table : {BitTable::kDiscrete, BitTable::kCoil}) {
    std::set<int> addresses;
    for (const auto& point : points) {
      if (point.table == table) addresses.insert(point.address);
    }
    const Function function = table == BitTable::kDiscrete ? Function::kReadDiscretes : Function::kReadCoils;
    bool open = false;
    for (const int address : addresses) {
      if (open) {
        auto& last = requests.back();
        const int last_address = last.first + last.count - 1;
        const int joined = address - last.first + 1;
        if (address - last_address <= kJoinedReadGap && joined <= kMaxReadBits) {
          last.count = joined;
          continue;
        }
      }
      requests.push_back({function, address, 1, {}});
      open = true;
    }
  }
  return requests;
}

Request plan_write(std::span<const CoilLevel> pending, bool single_only) {
  EXITGATE_CHECK(!pending.empty());
  std::map<int, bool> levels;
  for (const auto& coil : pending) levels[coil.address] = coil.high;
  int first = pending.front().address;
  int end = first + 1;
  if (!single_only) {
    while (levels.contains(first - 1) && end - first < kMaxWriteBits) --first;
    while (levels.contains(end) && end - first < kMaxWriteBits) ++end;
  }
  Request request{end - first == 1 ? Function::kWriteCoil : Function::kWriteCoils, first, end - first, {}};
  for (int address = first; address < end; ++address) request.levels.push_back(levels.at(address) ? 1 : 0);
  return request;
}

}  // namespace exitgate::hal
