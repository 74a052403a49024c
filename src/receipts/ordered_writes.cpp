#include "receipts/ordered_writes.hpp"

#include <algorithm>

namespace exitgate {

bool OrderedWrites::hold(const SubmittedWrite& write) {
  if (write.refusals_heard >= refusals_ || !std::holds_alternative<std::vector<StoreWrite>>(write.what)) return false;
  ++refusals_;
  return true;
}

std::vector<Status> OrderedWrites::apply(Outbox& outbox, std::vector<SubmittedWrite> writes) {
  std::vector<Status> results(writes.size());
  std::vector<OutboxWrite> group;
  std::vector<std::size_t> places;
  group.reserve(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (hold(writes[i])) {
      results[i] = fail("storage_io", "a transaction before this one was refused by the disk; both are tried again");
      continue;
    }
    group.push_back(std::move(writes[i].what));
    places.push_back(i);
  }
  auto applied = outbox.apply_group(group);
  const bool refused = std::any_of(applied.begin(), applied.end(), [](const Status& status) {
    return !status && status.error().code.starts_with("storage_");
  });
  if (refused) ++refusals_;
  for (std::size_t i = 0; i < places.size(); ++i) results[places[i]] = std::move(applied[i]);
  return results;
}

}  // namespace exitgate
