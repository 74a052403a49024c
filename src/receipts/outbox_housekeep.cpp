// What is dropped because it is old: expired state, and delivered receipts after their retention.
#include <algorithm>
#include <map>

#include "receipts/outbox_impl.hpp"
#include "receipts/tables.hpp"

namespace exitgate {
namespace {

constexpr std::int64_t kRows = 500;
constexpr std::int64_t kDay_ms = 86'400'000;
/// 2020-01-01: a time before it was stamped by a clock that nobody had set.
constexpr std::int64_t kClockWasSet_ms = 1'577'836'800'000;

struct Delivered {
  std::int64_t rowid = 0;
  std::int64_t position = 0;
  std::string chain_id;
  std::int64_t sequence = 0;
  std::int64_t ended_ms = 0;
};

/// Only the oldest are looked at, so that this costs little when there is nothing to do.
Result<std::vector<Delivered>> oldest_delivered(Database& db) {
  std::vector<Delivered> rows;
  Query query(db,
              "SELECT id,position,chain_id,sequence,ended_ms FROM receipts WHERE state=2 ORDER BY position LIMIT 500");
  for (auto more = query.step(); !more || *more; more = query.step()) {
    if (!more) return fail(more.error());
    rows.push_back({query.integer(0), query.integer(1), query.text(2), query.integer(3), query.integer(4)});
  }
  return rows;
}

/// The first stamp behind `position` that can be true; nothing when there is none.
Result<std::optional<std::int64_t>> true_stamp_after(Database& db, std::int64_t position) {
  Query query(db, "SELECT ended_ms FROM receipts WHERE position>? AND ended_ms>=? ORDER BY position LIMIT 1");
  query.bind(position).bind(kClockWasSet_ms);
  const auto row = query.step();
  if (!row) return fail(row.error());
  return *row ? std::optional(query.integer(0)) : std::nullopt;
}

/// Those that ended before `cutoff_ms`. One stamped by a clock that was not set is as old as the next one with a stamp
/// that can be true.
Result<std::vector<Delivered>> old_enough(Database& db, std::int64_t cutoff_ms) {
  auto rows = oldest_delivered(db);
  if (!rows || rows->empty()) return rows;
  const bool any_unset =
      std::any_of(rows->begin(), rows->end(), [](const auto& row) { return row.ended_ms < kClockWasSet_ms; });
  std::optional<std::int64_t> next;
  if (any_unset) {
    const auto behind = true_stamp_after(db, rows->back().position);
    if (!behind) return fail(behind.error());
    next = *behind;
  }
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    if (row->ended_ms >= kClockWasSet_ms) {
      next = row->ended_ms;
    } else {
      row->ended_ms = next.value_or(cutoff_ms);
    }
  }
  std::erase_if(*rows, [&](const auto& row) { return row.ended_ms >= cutoff_ms; });
  return rows;
}

/// The newest receipt of a chain stays: the next one's hash goes over it.
Result<std::int64_t> drop_old_receipts(Database& db, std::int64_t cutoff_ms, OutboxMemory& memory) {
  const auto old = old_enough(db, cutoff_ms);
  if (!old) return fail(old.error());
  if (old->empty()) return 0;
  auto chains = read_chains(db);
  if (!chains) return fail(chains.error());
  std::int64_t dropped = 0;
  for (auto& chain : *chains) {
    const auto id = to_string(chain.chain_id);
    const auto dropped_before = dropped;
    for (const auto& row : *old) {
      const bool newest = row.sequence >= chain.next_sequence - 1 || row.position >= memory.last_position;
      if (row.chain_id != id || newest) continue;
      Query remove(db, "DELETE FROM receipts WHERE id=?");
      if (auto done = remove.bind(row.rowid).run(); !done) return fail(done.error());
      chain.pruned_through = std::max(chain.pruned_through, row.sequence);
      ++dropped;
    }
    if (dropped == dropped_before) continue;
    if (auto done = put_state(db, chain_row(chain)); !done) return fail(done.error());
    if (chain.current) memory.chain = chain;
  }
  return dropped;
}

}  // namespace

Result<bool> Outbox::housekeep(WallTime now) {
  auto& in = *impl_;
  const auto before = in.memory;
  if (auto begun = in.begin(); !begun) return fail(begun.error());
  Query expired(in.db, "DELETE FROM state WHERE id IN (SELECT id FROM state WHERE expires_ms<? LIMIT 500)");
  Status done = expired.bind(unix_ms(now)).run();
  const auto expired_rows = sqlite3_changes64(in.db.handle());
  Result<std::int64_t> dropped = 0;
  if (done) dropped = drop_old_receipts(in.db, unix_ms(now) - in.options.retention_days * kDay_ms, in.memory);
  if (!dropped) done = fail(dropped.error());
  done = in.commit_or_undo(before, std::move(done));
  if (!done) return fail(done.error());
  return expired_rows >= kRows || *dropped >= kRows / 2;
}

}  // namespace exitgate
