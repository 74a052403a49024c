#include "core/persist_queue.hpp"

#include <algorithm>

namespace exitgate {

Ticket PersistQueue::submit(std::vector<StoreWrite> writes, std::vector<Command>& out) {
  const Ticket ticket = next_++;
  count(writes, 1);
  kept_.push_back({ticket, std::move(writes), true});
  // Behind one that failed, order is kept: this one waits for its turn.
  if (failed_since_) {
    kept_.back().in_flight = false;
  } else {
    out.emplace_back(Persist{ticket, kept_.back().writes});
  }
  return ticket;
}

void PersistQueue::count(const std::vector<StoreWrite>& writes, int by) {
  for (const auto& write : writes) {
    const auto* opened = std::get_if<PutOpenReceipt>(&write);
    const auto* sealed = std::get_if<PutSealedReceipt>(&write);
    if (opened == nullptr && sealed == nullptr) continue;
    const auto& id = opened != nullptr ? opened->receipt.receipt_id : sealed->receipt.receipt_id;
    if ((receipts_[id] += by) <= 0) receipts_.erase(id);
  }
}

void PersistQueue::done(const Persisted& event, const Now& now) {
  const auto found =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.ticket == event.ticket; });
  if (found == kept_.end()) return;
  // wrong_state: the store holds a newer form of what was written; trying again would never end.
  if (event.status || event.status.error().code == "wrong_state") {
    count(found->writes, -1);
    kept_.erase(found);
    if (kept_.empty() || std::none_of(kept_.begin(), kept_.end(), [](const Kept& kept) { return !kept.in_flight; })) {
      failed_since_.reset();
    }
    return;
  }
  found->in_flight = false;
  disk_full_ = event.status.error().code == "storage_full";
  if (!failed_since_) failed_since_ = now.mono;
  retry_at_ = now.mono + kRetryAfter;
}

void PersistQueue::update(Wake& wake, std::vector<Command>& out) {
  if (!failed_since_ || kept_.empty()) return;
  // One at a time until the disk takes them again.
  const bool busy = std::any_of(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.in_flight; });
  if (busy || !wake.due(retry_at_)) return;
  auto& first = kept_.front();
  first.in_flight = true;
  out.emplace_back(Persist{first.ticket, first.writes});
}

bool PersistQueue::pending(Ticket ticket) const {
  return std::any_of(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.ticket == ticket; });
}

}  // namespace exitgate
