#include "base/check.hpp"
#include "receipts/outbox_impl.hpp"
#include "receipts/tables.hpp"

namespace exitgate {
namespace {

constexpr std::size_t kReasonBytes = 500;

constexpr std::int64_t value_of(ReceiptState state) { return static_cast<std::int64_t>(state); }

tl::unexpected<Error> wrong_state(const Uuid& id, std::string_view what) {
  return fail("wrong_state", "receipt " + to_string(id) + " " + std::string(what));
}

Result<ReceiptRow> existing(Database& db, const Uuid& receipt_id) {
  auto row = find_receipt(db, to_string(receipt_id));
  if (!row) return fail(row.error());
  if (!*row) return fail("not_found", "there is no receipt " + to_string(receipt_id));
  return **std::move(row);
}

Status simple(Database& db, const char* sql) { return Query(db, sql).run(); }

}  // namespace

Status Outbox::apply(const std::vector<StoreWrite>& transaction) {
  const OutboxWrite write{transaction};
  return apply_group(std::span(&write, 1)).front();
}

Status Outbox::record_outcome(const DeliveryOutcome& outcome) {
  const OutboxWrite write{outcome};
  return apply_group(std::span(&write, 1)).front();
}

Status Outbox::retry(const Uuid& receipt_id) {
  const OutboxWrite write{RetryReceipt{receipt_id}};
  return apply_group(std::span(&write, 1)).front();
}

std::vector<Status> Outbox::apply_group(std::span<const OutboxWrite> group) {
  if (group.empty()) return {};
  auto& in = *impl_;
  auto results = in.transact(group);
  if (in.disk_was_full && in.reserve_there) {
    // What the reserve was kept for. It comes back when there is room again.
    if (in.files.remove(in.reserve_path())) {
      in.reserve_there = false;
      results = in.transact(group);
      in.disk_was_full = true;
    }
  }
  in.refresh_status();
  return results;
}

std::vector<Status> Outbox::Impl::transact(std::span<const OutboxWrite> group) {
  const auto before = memory;
  disk_was_full = false;
  const auto all = [&](const Error& error) {
    disk_was_full = error.code == "storage_full" && of_the_disk(error);
    if (!db.idle()) (void)simple(db, "ROLLBACK");
    memory = before;
    return std::vector<Status>(group.size(), fail(error));
  };
  if (auto begun = begin(); !begun) return all(begun.error());
  std::vector<Status> results;
  const bool alone = group.size() == 1;
  for (const auto& write : group) {
    const auto kept = memory;
    if (!alone) {
      if (auto s = simple(db, "SAVEPOINT one"); !s) return all(s.error());
    }
    auto done = run(write);
    if (!done) {
      // A disk that fails takes the whole transaction with it; what one write got wrong is its own.
      if (alone || db.idle() || of_the_disk(done.error())) return all(done.error());
      if (auto s = simple(db, "ROLLBACK TO one"); !s) return all(s.error());
      memory = kept;
    }
    if (!alone) {
      if (auto s = simple(db, "RELEASE one"); !s) return all(s.error());
    }
    results.push_back(std::move(done));
  }
  if (auto committed = simple(db, "COMMIT"); !committed) return all(committed.error());
  return results;
}

Status Outbox::Impl::run(const OutboxWrite& write) {
  if (const auto* outcome = std::get_if<DeliveryOutcome>(&write)) return record(*outcome);
  if (const auto* again = std::get_if<RetryReceipt>(&write)) return put_back(again->receipt_id);
  for (const auto& one : std::get<std::vector<StoreWrite>>(write)) {
    Status done;
    if (const auto* open = std::get_if<PutOpenReceipt>(&one)) {
      done = put_open(open->receipt);
    } else if (const auto* sealed = std::get_if<PutSealedReceipt>(&one)) {
      done = put_sealed(sealed->receipt);
    } else {
      for (const auto& change : state_changes(one)) {
        if (done) done = apply_change(db, change);
      }
    }
    if (!done) return done;
  }
  return {};
}

Status Outbox::Impl::room_for_another() const {
  if (memory.queued < options.max_queued + kReserveReceipts) return {};
  return fail("storage_full",
              "the queue holds " + std::to_string(memory.queued) +
                  " receipts, more than [receipts] max_queued and its reserve; restore the backend's connection");
}

bool Outbox::Impl::of_the_disk(const Error& error) const {
  return error.code.starts_with("storage_") && (error.code != "storage_full" || room_for_another());
}

Status Outbox::Impl::put_open(const Receipt& receipt) {
  if (auto good = check_receipt(receipt, false); !good) return good;
  const auto there = find_receipt(db, to_string(receipt.receipt_id));
  if (!there) return fail(there.error());
  auto row = open_row(receipt);
  if (!*there) {
    if (auto room = room_for_another(); !room) return room;
    return insert_receipt(db, row);
  }
  if ((*there)->state != value_of(ReceiptState::kOpen))
    return wrong_state(receipt.receipt_id, "is sealed and can't be changed");
  row.rowid = (*there)->rowid;
  return update_receipt(db, row);
}

Status Outbox::Impl::put_sealed(const Receipt& receipt) {
  if (auto good = check_receipt(receipt, true); !good) return good;
  const auto there = find_receipt(db, to_string(receipt.receipt_id));
  if (!there) return fail(there.error());
  if (*there && (*there)->state != value_of(ReceiptState::kOpen)) {
    const auto sealed = decode(**there);
    if (sealed && canonical_json(sealed->receipt) == canonical_json(receipt)) return {};
    return wrong_state(receipt.receipt_id, "is sealed already, with another content");
  }
  if (!*there) {
    if (auto room = room_for_another(); !room) return room;
  }
  ChainLink link{.chain_id = memory.chain.chain_id,
                 .sequence = memory.chain.next_sequence,
                 .previous_hash = memory.chain.last_hash,
                 .hash = {}};
  auto row = sealed_row(receipt, link, memory.last_position + 1);
  EXITGATE_CHECK(hash_verifies(row.json));
  row.rowid = *there ? (*there)->rowid : 0;
  if (auto put = *there ? update_receipt(db, row) : insert_receipt(db, row); !put) return put;
  ++memory.last_position;
  ++memory.chain.next_sequence;
  memory.chain.last_hash = link.hash;
  ++memory.queued;
  return put_state(db, chain_row(memory.chain));
}

Status Outbox::Impl::change_state(ReceiptRow row, ReceiptState to, std::string reason) {
  memory.queued -= row.state == value_of(ReceiptState::kQueued) ? 1 : 0;
  memory.quarantined -= row.state == value_of(ReceiptState::kQuarantined) ? 1 : 0;
  memory.queued += to == ReceiptState::kQueued ? 1 : 0;
  memory.quarantined += to == ReceiptState::kQuarantined ? 1 : 0;
  row.state = value_of(to);
  row.reason = valid_utf8(std::string_view(reason).substr(0, kReasonBytes));
  if (!row.position) row.position = ++memory.last_position;
  row.check = check_of(row);
  return update_receipt(db, row);
}

Status Outbox::Impl::record(const DeliveryOutcome& outcome) {
  for (const auto& delivered : outcome.delivered) {
    if (auto done = mark_delivered(delivered.receipt_id); !done) return done;
  }
  for (const auto& rejected : outcome.rejected) {
    if (auto done = mark_rejected(rejected); !done) return done;
  }
  return {};
}

Status Outbox::Impl::mark_delivered(const Uuid& receipt_id) {
  auto row = existing(db, receipt_id);
  if (!row) return fail(row.error());
  if (row->state == value_of(ReceiptState::kOpen))
    return wrong_state(receipt_id, "is open and can't have been delivered");
  if (row->state == value_of(ReceiptState::kDelivered)) return {};
  return change_state(*std::move(row), ReceiptState::kDelivered, "");
}

Status Outbox::Impl::mark_rejected(const Rejected& rejected) {
  auto row = existing(db, rejected.receipt_id);
  if (!row) return fail(row.error());
  if (row->state == value_of(ReceiptState::kOpen))
    return wrong_state(rejected.receipt_id, "is open and can't have been rejected");
  if (row->state == value_of(ReceiptState::kDelivered)) return wrong_state(rejected.receipt_id, "was delivered");
  if (row->state == value_of(ReceiptState::kQuarantined)) return {};
  return change_state(*std::move(row), ReceiptState::kQuarantined, rejected.reason);
}

Status Outbox::Impl::put_back(const Uuid& receipt_id) {
  auto row = existing(db, receipt_id);
  if (!row) return fail(row.error());
  if (row->state != value_of(ReceiptState::kQuarantined)) return wrong_state(receipt_id, "is not in quarantine");
  const auto whole = decode(*row);
  if (!whole || whole->sequence == 0) {
    return wrong_state(receipt_id, "is damaged and can't be sent; export it and hand it to the backend's staff");
  }
  return change_state(*std::move(row), ReceiptState::kQueued, "");
}

Status Outbox::Impl::quarantine_damaged(const std::vector<std::pair<ReceiptRow, Error>>& rows) {
  const auto before = memory;
  Status done = begin();
  if (!done) return done;
  for (const auto& [row, why] : rows) {
    if (done) done = change_state(row, ReceiptState::kQuarantined, std::string(kDamagedReason) + ": " + why.message);
  }
  return commit_or_undo(before, std::move(done));
}

Status Outbox::Impl::commit_or_undo(const OutboxMemory& before, Status so_far) {
  if (so_far) so_far = simple(db, "COMMIT");
  if (!so_far) {
    if (!db.idle()) (void)simple(db, "ROLLBACK");
    memory = before;
  }
  refresh_status();
  return so_far;
}

}  // namespace exitgate
