// The ledger of used sessions: the part of the SessionBook that makes a session good for its party once.
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "core/session_book.hpp"

namespace exitgate {
namespace {

constexpr std::chrono::hours kKeptAfterExpiry{24};

}  // namespace

int SessionBook::remaining(const Row& row) const {
  return static_cast<int>(row.entry.party_size) - static_cast<int>(row.entry.used) -
         static_cast<int>(row.live_passages);
}

void SessionBook::index_row(EntryIndex index) {
  const auto& entry = rows_[index].entry;
  if (entry.session_id) by_session_[*entry.session_id] = index;
  if (entry.cart_id && entry.session_tag) by_cart_[{*entry.cart_id, *entry.session_tag}] = index;
}

std::optional<EntryIndex> SessionBook::find(const SessionName& name) const {
  if (name.session_id) {
    const auto found = by_session_.find(*name.session_id);
    if (found != by_session_.end()) return found->second;
  }
  if (name.cart_id && name.session_tag) {
    const auto found = by_cart_.find({*name.cart_id, *name.session_tag});
    if (found != by_cart_.end()) return found->second;
  }
  return std::nullopt;
}

EntryIndex SessionBook::entry_for(const SessionName& name, std::uint16_t party, WallTime expires_at, IdSource& ids,
                                  const Now& now) {
  if (const auto known = find(name)) {
    auto& entry = rows_[*known].entry;
    if (!entry.session_id) entry.session_id = name.session_id;
    if (!entry.cart_id && name.cart_id && name.session_tag) {
      entry.cart_id = name.cart_id;
      entry.session_tag = name.session_tag;
    }
    // A party the backend has named since replaces one that was assumed.
    entry.party_size = std::max(entry.party_size, party);
    entry.expires_at = std::max(entry.expires_at, expires_at);
    index_row(*known);
    return *known;
  }
  Row row{.entry = {.entry_id = ids.next(now.wall),
                    .session_id = name.session_id,
                    .cart_id = name.session_tag ? name.cart_id : std::nullopt,
                    .session_tag = name.cart_id ? name.session_tag : std::nullopt,
                    .party_size = party,
                    .used = 0,
                    .expires_at = expires_at}};
  EntryIndex index = rows_.size();
  if (free_rows_.empty()) {
    rows_.push_back(row);
  } else {
    index = free_rows_.back();
    free_rows_.pop_back();
    rows_[index] = row;
  }
  index_row(index);
  return index;
}

void SessionBook::drop_row(EntryIndex index, Writes& writes) {
  auto& row = rows_[index];
  const auto& entry = row.entry;
  if (entry.session_id) by_session_.erase(*entry.session_id);
  if (entry.cart_id && entry.session_tag) by_cart_.erase({*entry.cart_id, *entry.session_tag});
  writes.emplace_back(DropLedger{entry.entry_id});
  row.gone = true;
  free_rows_.push_back(index);
}

void SessionBook::tidy_ledger(const Now& now, Writes& writes) {
  constexpr std::size_t kRowsAtOnce = 256;
  for (std::size_t i = 0; i < std::min(kRowsAtOnce, rows_.size()); ++i) {
    tidied_ = (tidied_ + 1) % rows_.size();
    const auto& row = rows_[tidied_];
    if (!row.gone && row.open == 0 && row.entry.expires_at + kKeptAfterExpiry < now.judging) drop_row(tidied_, writes);
  }
}

bool SessionBook::may_admit(const SessionName& name) const {
  const auto known = find(name);
  if (!known) return true;
  const auto& row = rows_[*known];
  return remaining(row) - static_cast<int>(row.open) >= 1;
}

bool SessionBook::in_use(const SessionName& name) const {
  const auto known = find(name);
  return known && (rows_[*known].open > 0 || remaining(rows_[*known]) <= 0);
}

bool SessionBook::used(const SessionName& name) const {
  const auto known = find(name);
  return known && remaining(rows_[*known]) <= 0;
}

bool SessionBook::repeatable_after_restart(const SessionName& name, const LaneId& lane, const Now& now) const {
  const auto known = find(name);
  if (!known) return false;
  const auto& row = rows_[*known];
  return row.open == 0 && row.repeat_lane == lane && now.mono < row.repeat_until;
}

void SessionBook::allow_repeat(EntryIndex index, const LaneId& lane, MonoTime until) {
  rows_[index].repeat_lane = lane;
  rows_[index].repeat_until = until;
}

void SessionBook::repeat_after_restart(EntryIndex index) {
  auto& row = rows_[index];
  row.repeating = true;
  if (row.entry.used > 0) --row.entry.used;
}

void SessionBook::open(EntryIndex index) {
  ++rows_[index].open;
  ++rows_[index].waiting;
}

void SessionBook::count_passage(EntryIndex index, bool first) {
  auto& row = rows_[index];
  ++row.live_passages;
  if (!first) return;
  EXITGATE_CHECK(row.waiting > 0);
  --row.waiting;
}

int SessionBook::allowance(EntryIndex index, bool has_counted) const {
  const auto& row = rows_[index];
  // The one it was opened for has used its own reservation when they passed.
  return remaining(row) - (static_cast<int>(row.waiting) - (has_counted ? 0 : 1));
}

void SessionBook::seal(EntryIndex index, std::uint32_t passages, std::uint32_t used, Writes& writes) {
  auto& row = rows_[index];
  EXITGATE_CHECK(row.open > 0);
  EXITGATE_CHECK(row.live_passages >= passages);
  --row.open;
  if (passages == 0) --row.waiting;
  row.live_passages -= passages;
  if (std::exchange(row.repeating, false)) {
    // Not used, it gives back what it took, to this lane alone: elsewhere the party stays used.
    if (used == 0) ++row.entry.used;
    if (used > 0) row.repeat_until = MonoTime{};
  }
  row.entry.used = std::min<std::uint32_t>(row.entry.used + used, row.entry.party_size);
  writes.emplace_back(PutLedger{row.entry});
}

}  // namespace exitgate
