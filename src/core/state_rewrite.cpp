#include "core/state_rewrite.hpp"

#include <algorithm>

namespace exitgate {

std::vector<StoreWrite> StateRewrite::next(const SessionBook& book, const std::vector<LaneDurable>& lanes,
                                           const std::string& cursor, const LastValidAnswer& last_answer) {
  std::vector<StoreWrite> writes;
  if (at_ == Part::kBegin) {
    writes.emplace_back(PutCursor{});
    writes.emplace_back(DropAllSessions{});
    for (const auto& lane : lanes) writes.emplace_back(PutLane{lane});
    book.rewrite_known(writes);
    row_ = 0;
    after_.reset();
    at_ = Part::kLedger;
  } else if (at_ == Part::kLedger) {
    row_ = book.rewrite_ledger(row_, kRowsInAPiece, writes);
    if (writes.size() < kRowsInAPiece) at_ = Part::kClosures;
  } else if (at_ == Part::kClosures) {
    after_ = book.rewrite_closures(after_, kRowsInAPiece, writes);
    if (!after_) at_ = Part::kCursor;
  }
  if (at_ == Part::kCursor) {
    writes.emplace_back(PutCursor{cursor});
    writes.emplace_back(PutLastValidAnswer{last_answer});
    at_ = Part::kDone;
  }
  return writes;
}

void SessionBook::rewrite_known(Writes& writes) const {
  for (const auto& [id, kept] : revoked_ids_) {
    Revocation revocation;
    revocation.session_id = id;
    writes.emplace_back(PutRevocation{revocation, kept.until});
  }
  for (const auto& [tag, kept] : revoked_tags_) {
    Revocation revocation;
    revocation.session_tag = tag;
    writes.emplace_back(PutRevocation{revocation, kept.until});
  }
  for (const auto& [id, kept] : claims_) writes.emplace_back(PutClaim{id, kept.value, kept.until});
  for (const auto& [lane, queue] : expected_) {
    for (const auto& kept : queue) writes.emplace_back(PutExpected{kept.entry});
  }
}

EntryIndex SessionBook::rewrite_ledger(EntryIndex from, std::size_t most, Writes& writes) const {
  for (; from < rows_.size() && writes.size() < most; ++from) {
    if (!rows_[from].gone) writes.emplace_back(PutLedger{rows_[from].entry});
  }
  return from;
}

std::optional<CartTag> SessionBook::rewrite_closures(const std::optional<CartTag>& after, std::size_t most,
                                                     Writes& writes) const {
  const auto& closures = closures_.entries();
  auto next = after ? closures.upper_bound(*after) : closures.begin();
  std::optional<CartTag> last;
  for (; next != closures.end() && writes.size() < most; ++next) {
    writes.emplace_back(PutClosure{next->second.closure});
    last = next->first;
  }
  return next == closures.end() ? std::nullopt : last;
}

}  // namespace exitgate
