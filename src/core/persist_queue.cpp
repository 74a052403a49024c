#include "core/persist_queue.hpp"

#include <algorithm>
#include <utility>

namespace exitgate {

namespace {

bool holds_receipt(const std::vector<StoreWrite>& writes) {
  return std::any_of(writes.begin(), writes.end(), [](const StoreWrite& write) {
    return std::holds_alternative<PutOpenReceipt>(write) || std::holds_alternative<PutSealedReceipt>(write);
  });
}

}  // namespace

Ticket PersistQueue::submit(std::vector<StoreWrite> writes, std::vector<Command>& out) {
  if (const auto earlier = take_place(writes)) return *earlier;
  const Ticket ticket = next_++;
  const bool receipt = holds_receipt(writes);
  if (!receipt && others_ >= kMaxOthers) drop_others();
  if (!receipt && dropped_) return ticket;
  others_ += receipt ? 0 : 1;
  count(writes, 1);
  kept_.push_back({ticket, std::move(writes), true, receipt});
  // Behind one that failed, order is kept: this one waits for its turn.
  if (failed_since_) {
    kept_.back().in_flight = false;
  } else {
    out.emplace_back(Persist{ticket, kept_.back().writes});
  }
  return ticket;
}

/// A lone open receipt takes the place of its older form that waits.
std::optional<Ticket> PersistQueue::take_place(const std::vector<StoreWrite>& writes) {
  const auto* newer = writes.size() == 1 ? std::get_if<PutOpenReceipt>(&writes.front()) : nullptr;
  if (newer == nullptr || !failed_since_ || !receipts_.contains(newer->receipt.receipt_id)) return std::nullopt;
  for (auto kept = kept_.rbegin(); kept != kept_.rend(); ++kept) {
    if (kept->in_flight) continue;
    for (auto& write : kept->writes) {
      auto* older = std::get_if<PutOpenReceipt>(&write);
      if (older == nullptr || older->receipt.receipt_id != newer->receipt.receipt_id) continue;
      older->receipt = newer->receipt;
      return kept->ticket;
    }
  }
  return std::nullopt;
}

void PersistQueue::drop_others() {
  dropped_ = true;
  std::erase_if(kept_, [](const Kept& kept) { return !kept.in_flight && !kept.holds_receipt; });
  others_ = static_cast<std::size_t>(
      std::count_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return !kept.holds_receipt; }));
}

bool PersistQueue::take_dropped() { return !failing() && others_ == 0 && std::exchange(dropped_, false); }

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
    others_ -= found->holds_receipt ? 0 : 1;
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
