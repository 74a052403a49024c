#include "receipts/memory_outbox.hpp"
#include "receipts/offline_exits.hpp"

#include <algorithm>
#include <tuple>

#include "receipts/receipt_json.hpp"

namespace exitgate {
namespace {

tl::unexpected<Error> wrong_state(const Uuid& id) {
  return fail("wrong_state", "receipt " + to_string(id) + " is in another state");
}
tl::unexpected<Error> not_found(const Uuid& id) { return fail("not_found", "there is no receipt " + to_string(id)); }

/// As it comes back from the disk.
Receipt cleaned(Receipt receipt) {
  receipt.by = valid_utf8(receipt.by);
  receipt.note = valid_utf8(receipt.note);
  return receipt;
}

std::string token(const StoredReceipt& stored) {
  if (stored.state != ReceiptState::kOpen) return "s" + std::to_string(stored.sequence);
  return "o" + std::to_string(unix_ms(stored.receipt.authorised_at)) + "/" + to_string(stored.receipt.receipt_id);
}

}  // namespace

MemoryOutbox::MemoryOutbox(const Uuid& chain_id) : chain_{.chain_id = chain_id, .last_hash = first_previous_hash()} {}

Status MemoryOutbox::apply(const std::vector<StoreWrite>& transaction) {
  undo_ = {.chain = chain_, .receipts = {}, .state = {}};
  for (const auto& one : transaction) {
    if (auto done = write(one); !done) {
      take_back(undo_);
      return done;
    }
  }
  return {};
}

void MemoryOutbox::take_back(Undo& undo) {
  auto kept = std::move(undo);
  undo = {};
  for (auto at = kept.receipts.rbegin(); at != kept.receipts.rend(); ++at) place(at->first, std::move(at->second));
  for (auto at = kept.state.rbegin(); at != kept.state.rend(); ++at) place(at->first, std::move(at->second));
  chain_ = kept.chain;
}

void MemoryOutbox::place(const Uuid& id, std::optional<StoredReceipt> stored) {
  const auto there = receipts_.find(id);
  std::optional<StoredReceipt> before;
  if (there != receipts_.end()) before = there->second;
  if (before && before->state == ReceiptState::kQueued) queued_.erase(before->sequence);
  if (before && before->state == ReceiptState::kQuarantined) --quarantined_;
  if (stored && stored->state == ReceiptState::kQueued) queued_[stored->sequence] = id;
  if (stored && stored->state == ReceiptState::kQuarantined) ++quarantined_;
  if (stored) {
    receipts_[id] = *std::move(stored);
  } else {
    receipts_.erase(id);
  }
  undo_.receipts.emplace_back(id, std::move(before));
}

void MemoryOutbox::place(const std::pair<std::string, std::string>& key, std::optional<StateRow> row) {
  const auto there = state_.find(key);
  undo_.state.emplace_back(key, there == state_.end() ? std::nullopt : std::optional(there->second));
  if (row) {
    state_[key] = *std::move(row);
  } else if (there != state_.end()) {
    state_.erase(there);
  }
}

Status MemoryOutbox::write(const StoreWrite& one) {
  if (const auto* open = std::get_if<PutOpenReceipt>(&one)) return put_open(open->receipt);
  if (const auto* sealed = std::get_if<PutSealedReceipt>(&one)) return put_sealed(sealed->receipt);
  for (const auto& changed : state_changes(one)) change(changed);
  return {};
}

void MemoryOutbox::change(const StateChange& change) {
  using Key = std::pair<std::string, std::string>;
  if (const auto* row = std::get_if<StateRow>(&change)) place(Key{row->kind, row->key}, *row);
  if (const auto* drop = std::get_if<DropRow>(&change)) place(Key{drop->kind, drop->key}, std::nullopt);
  const auto* kind = std::get_if<DropKind>(&change);
  if (!kind) return;
  std::vector<Key> keys;
  for (auto at = state_.lower_bound(Key{kind->kind, ""}); at != state_.end() && at->first.first == kind->kind; ++at) {
    keys.push_back(at->first);
  }
  for (const auto& key : keys) place(key, std::nullopt);
}

Status MemoryOutbox::put_open(const Receipt& receipt) {
  if (auto good = check_receipt(receipt, false); !good) return good;
  const auto there = receipts_.find(receipt.receipt_id);
  if (there != receipts_.end() && there->second.state != ReceiptState::kOpen) return wrong_state(receipt.receipt_id);
  StoredReceipt stored;
  stored.receipt = cleaned(receipt);
  stored.json = canonical_json(receipt);
  place(receipt.receipt_id, std::move(stored));
  return {};
}

Status MemoryOutbox::put_sealed(const Receipt& receipt) {
  if (auto good = check_receipt(receipt, true); !good) return good;
  const auto there = receipts_.find(receipt.receipt_id);
  if (there != receipts_.end() && there->second.state != ReceiptState::kOpen) {
    if (there->second.receipt == cleaned(receipt)) return {};
    return wrong_state(receipt.receipt_id);
  }
  ChainLink link{
      .chain_id = chain_.chain_id, .sequence = chain_.next_sequence, .previous_hash = chain_.last_hash, .hash = {}};
  StoredReceipt stored;
  stored.receipt = cleaned(receipt);
  stored.state = ReceiptState::kQueued;
  stored.json = seal_json(receipt, link);
  stored.chain_id = link.chain_id;
  stored.sequence = link.sequence;
  stored.previous_hash = link.previous_hash;
  stored.hash = link.hash;
  place(receipt.receipt_id, std::move(stored));
  ++chain_.next_sequence;
  chain_.last_hash = link.hash;
  return {};
}

Status MemoryOutbox::record_outcome(const DeliveryOutcome& outcome) {
  undo_ = {.chain = chain_, .receipts = {}, .state = {}};
  auto done = record(outcome);
  if (!done) take_back(undo_);
  return done;
}

Status MemoryOutbox::record(const DeliveryOutcome& outcome) {
  const auto move = [this](const StoredReceipt& from, ReceiptState to, std::string reason) {
    auto stored = from;
    stored.state = to;
    stored.rejected_reason = std::move(reason);
    place(from.receipt.receipt_id, std::move(stored));
  };
  for (const auto& [id] : outcome.delivered) {
    const auto there = receipts_.find(id);
    if (there == receipts_.end()) return not_found(id);
    if (there->second.state == ReceiptState::kOpen) return wrong_state(id);
    move(there->second, ReceiptState::kDelivered, "");
  }
  for (const auto& [id, reason] : outcome.rejected) {
    const auto there = receipts_.find(id);
    if (there == receipts_.end()) return not_found(id);
    if (there->second.state == ReceiptState::kQuarantined) continue;
    if (there->second.state != ReceiptState::kQueued) return wrong_state(id);
    move(there->second, ReceiptState::kQuarantined, valid_utf8(reason));
  }
  return {};
}

Status MemoryOutbox::retry(const Uuid& receipt_id) {
  const auto there = receipts_.find(receipt_id);
  if (there == receipts_.end()) return not_found(receipt_id);
  if (there->second.state != ReceiptState::kQuarantined) return wrong_state(receipt_id);
  auto stored = there->second;
  stored.state = ReceiptState::kQueued;
  stored.rejected_reason.clear();
  undo_ = {};
  place(receipt_id, std::move(stored));
  return {};
}

std::vector<const StoredReceipt*> MemoryOutbox::in_order() const {
  std::vector<const StoredReceipt*> all;
  for (const auto& [id, stored] : receipts_) all.push_back(&stored);
  const auto order = [](const StoredReceipt* r) {
    const bool open = r->state == ReceiptState::kOpen;
    return std::tuple(open, r->sequence, open ? unix_ms(r->receipt.authorised_at) : 0, r->receipt.receipt_id);
  };
  std::sort(all.begin(), all.end(), [&](const auto* a, const auto* b) { return order(a) < order(b); });
  return all;
}

std::vector<StoredReceipt> MemoryOutbox::next_queued(std::size_t limit) const {
  std::vector<StoredReceipt> queued;
  for (const auto& [sequence, id] : queued_) {
    if (queued.size() == limit) break;
    queued.push_back(receipts_.at(id));
  }
  return queued;
}

Result<ReceiptPage> MemoryOutbox::list(const ReceiptQuery& query) const {
  const auto limit = std::clamp<std::size_t>(query.limit, 1, 1000);
  const auto all = in_order();
  auto at = all.begin();
  if (query.after) {
    at = std::find_if(all.begin(), all.end(), [&](const auto* stored) { return token(*stored) == *query.after; });
    if (at == all.end()) return fail("invalid_query", "\"after\" must be the \"next\" of the page before");
    ++at;
  }
  ReceiptPage page;
  for (; at != all.end(); ++at) {
    if (query.state && (*at)->state != *query.state) continue;
    if (page.receipts.size() == limit) {
      page.next = token(page.receipts.back());
      break;
    }
    page.receipts.push_back(**at);
  }
  return page;
}

Result<StoredReceipt> MemoryOutbox::get(const Uuid& receipt_id) const {
  const auto there = receipts_.find(receipt_id);
  if (there == receipts_.end()) return not_found(receipt_id);
  return there->second;
}

LoadedState MemoryOutbox::load(WallTime now) const {
  LoadedState state;
  // A row that this very program made can be read.
  for (const auto& [key, row] : state_) (void)absorb(row, state);
  OfflineExitsFound exits(now);
  const auto all = in_order();
  for (const auto* stored : all) {
    if (stored->state == ReceiptState::kOpen) state.open_receipts.push_back(stored->receipt);
  }
  for (auto open = state.open_receipts.rbegin(); open != state.open_receipts.rend(); ++open) (void)exits.take(*open);
  for (auto stored = all.rbegin(); stored != all.rend(); ++stored) {
    if ((*stored)->state != ReceiptState::kOpen && !exits.take((*stored)->receipt)) break;
  }
  state.offline_exits = std::move(exits).found();
  return state;
}

QueueStatus MemoryOutbox::queue_status() const {
  QueueStatus status;
  status.queued = static_cast<std::int64_t>(queued_.size());
  status.quarantined = quarantined_;
  if (!queued_.empty()) status.oldest_queued = receipts_.at(queued_.begin()->second).receipt.ended_at;
  return status;
}

}  // namespace exitgate
