// The disk of a simulated box: opening after kills and power cuts, what is written, what the disk answers.
#include <algorithm>
#include <utility>

#include "tools/sim/box.hpp"

namespace exitgate::sim {
namespace {

constexpr Duration kHousekeepEvery = std::chrono::seconds{60};
constexpr int kOperationsOfAnOpening = 40;

Uuid chain_of(std::uint64_t seed, std::size_t box, std::uint64_t life) {
  Uuid id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[i] = static_cast<std::uint8_t>(seed >> (8 * i));
  id.bytes[13] = static_cast<std::uint8_t>(life >> 8U);
  id.bytes[14] = static_cast<std::uint8_t>(life);
  id.bytes[15] = static_cast<std::uint8_t>(box + 1);
  return id;
}

bool names_receipt(const StoreWrite& write) {
  return std::holds_alternative<PutOpenReceipt>(write) || std::holds_alternative<PutSealedReceipt>(write);
}

}  // namespace

// --- power -----------------------------------------------------------------------------------------------------

bool Box::open_disk(LoadedState& loaded) {
  // After a death the next one at times comes while the database is being opened.
  for (bool again = life_ > 1 && around_.dice.chance(0.2); again; again = around_.dice.chance(0.3)) {
    disk_.stop_after(around_.dice.between(0, kOperationsOfAnOpening));
    LoadedState unused;
    const bool opened = open_once(unused);
    store_.reset();
    const bool died = disk_.stopped();
    disk_.start_again();
    if (died && power_cut_) disk_.cut_power();
    if (!opened && !died) break;
  }
  return open_once(loaded);
}

bool Box::open_once(LoadedState& loaded) {
  ++disk_.counts().openings;
  OutboxOptions options;
  options.path = "receipts.db";
  options.vfs = disk_.vfs();
  options.files = &disk_;
  options.now = now().wall;
  options.fresh_chain_id = chain_of(around_.options.seed, index_, life_);
  options.reserve_bytes = reserve_bytes_;
  auto opened = Outbox::open(options);
  if (!opened) {
    note("the database was not opened: " + opened.error().message);
    return false;
  }
  if (opened->damage.anything()) around_.oracle.disk_wrong("salvaged without damage: " + opened->damage.what);
  auto found = opened->outbox.load(options.now);
  if (!found) {
    note("the database was not read: " + found.error().message);
    return false;
  }
  if (!found->bad_rows.empty()) around_.oracle.disk_wrong("a row can't be read: " + found->bad_rows.front().what);
  if (!disk_.stopped()) judge_disk(opened->outbox, found->state);
  loaded = std::move(found->state);
  store_ = std::make_unique<TimedStore>(around_.agenda, around_.dice, std::move(opened->outbox),
                                        [this] { return disk_trouble_ == DiskTrouble::kSlow; });
  return true;
}

void Box::judge_disk(Outbox& outbox, const LoadedState& found) {
  // The judge reads without trouble.
  const auto faults = std::exchange(disk_.faults, {});
  const auto wrong = truth_.judge(outbox, found, in_flight_at_death_);
  if (!wrong.empty()) around_.oracle.disk_wrong("after a restart " + wrong);
  in_flight_at_death_.clear();
  const auto verified = outbox.verify();
  if (!verified) {
    around_.oracle.disk_wrong("the chain can't be verified: " + verified.error().message);
  } else if (!verified->good()) {
    around_.oracle.disk_wrong("the chain: " + verified->findings.front().what);
  } else if (verified->checked != truth_.sealed()) {
    around_.oracle.disk_wrong(std::to_string(verified->checked) + " sealed receipts on the disk, " +
                              std::to_string(truth_.sealed()) + " were answered");
  }
  disk_.faults = faults;
}

void Box::close_disk(bool power_cut) {
  drainer_.reset();
  in_flight_at_death_.clear();
  for (auto& write : store_->die_within(disk_)) {
    if (auto* writes = std::get_if<DurableTruth::Writes>(&write)) in_flight_at_death_.push_back(std::move(*writes));
  }
  store_.reset();
  disk_.start_again();
  power_cut_ = power_cut;
  ++(power_cut ? disk_.counts().power_cuts : disk_.counts().kills);
  if (power_cut) disk_.cut_power();
  newest_ticket_ = 0;
  own_unwritten_.clear();
  refused_.clear();
  rewriting_owed_ = false;
  unanswered_ = 0;
}

void Box::disk_trouble(DiskTrouble trouble) {
  disk_trouble_ = trouble;
  disk_.faults = {};
  auto& faults = disk_.faults;
  if (trouble == DiskTrouble::kFails) faults.write_error = faults.sync_error = 1;
  if (trouble == DiskTrouble::kErrs) faults.write_error = 0.1;
  if (trouble == DiskTrouble::kSyncErrs) faults.sync_error = around_.dice.chance(0.5) ? 1 : 0.3;
  if (trouble == DiskTrouble::kReadErrs) faults.read_error = 0.3;
  if (trouble == DiskTrouble::kFull) {
    faults.capacity_bytes = disk_.used_bytes() + static_cast<std::uint64_t>(around_.dice.between(0, 40000));
  }
}

// --- what is written -------------------------------------------------------------------------------------------

void Box::persist(const Persist& persist) {
  const bool again = persist.ticket <= newest_ticket_;
  newest_ticket_ = std::max(newest_ticket_, persist.ticket);
  unwritten_.emplace(persist.ticket, around_.agenda.now());
  for (const auto& one : persist.writes) {
    if (const auto* open = std::get_if<PutOpenReceipt>(&one)) around_.oracle.wrote(index_, open->receipt);
    if (const auto* sealed = std::get_if<PutSealedReceipt>(&one)) around_.oracle.wrote(index_, sealed->receipt);
    if (again) continue;
    if (const auto* open = std::get_if<PutOpenReceipt>(&one)) {
      if (around_.options.mutation != Mutation::kForgetOpen) around_.oracle.wrote_open(index_, open->receipt, now());
    }
    if (const auto* sealed = std::get_if<PutSealedReceipt>(&one))
      around_.oracle.wrote_sealed(index_, sealed->receipt, now());
  }
  auto taken = persist.writes;
  if (around_.options.mutation == Mutation::kLoseReceipt) {
    std::erase_if(taken, [&](const StoreWrite& one) {
      return std::holds_alternative<PutSealedReceipt>(one) && around_.dice.chance(0.05);
    });
  }
  ++unanswered_;
  store_->submit(std::move(taken), [this, persist](const Status& status) { persisted(persist, status); });
}

void Box::persisted(const Persist& persist, const Status& status) {
  if (status) {
    truth_.written(persist.writes);
    judge_order_written(persist);
    for (const auto& one : persist.writes) {
      if (const auto* open = std::get_if<PutOpenReceipt>(&one))
        around_.oracle.open_durable(index_, open->receipt.receipt_id);
      const auto* sealed = std::get_if<PutSealedReceipt>(&one);
      if (sealed == nullptr) continue;
      ++around_.report.receipts;
      around_.oracle.committed(index_, sealed->receipt.receipt_id);
    }
  } else {
    if (around_.options.trace) note("the disk refused: " + status.error().message);
    if (status.error().code == "storage_damaged") around_.oracle.disk_wrong(status.error().message);
    if (status.error().code == "wrong_state") around_.oracle.disk_wrong(status.error().message);
    truth_.refused(persist.writes, around_.agenda.now());
    refused_[persist.ticket] = std::any_of(persist.writes.begin(), persist.writes.end(), names_receipt);
    if (!behind_since_) behind_since_ = unwritten_.at(persist.ticket);
    around_.oracle.disk_refuses(index_, *behind_since_, around_.agenda.now());
  }
  --unanswered_;
  feed(Persisted{persist.ticket, status});
  if (alive() && controller_->gate().persists.kept() == 0) behind_since_.reset();
  if (refused_.empty() && unanswered_ == 0) around_.oracle.disk_takes(index_);
}

/// In the order they were decided. While a disk fails for long, what names no receipt may be dropped
/// (persist_queue.hpp): then all of that is written anew.
void Box::judge_order_written(const Persist& written) {
  refused_.erase(written.ticket);
  std::erase_if(refused_, [&](const auto& refused) {
    const auto& [ticket, receipt] = refused;
    if (ticket > written.ticket || receipt || controller_->gate().persists.pending(ticket)) return false;
    return rewriting_owed_ = true;
  });
  if (!refused_.empty() && refused_.begin()->first < written.ticket)
    around_.oracle.disk_wrong("a transaction was written before one that was decided earlier");
  const auto& writes = written.writes;
  if (std::any_of(writes.begin(), writes.end(),
                  [](const StoreWrite& one) { return std::holds_alternative<DropAllSessions>(one); }))
    rewriting_owed_ = false;
}

void Box::tell_queue(const QueueStatus& status) {
  if (!alive()) return;
  if (status.storage_low != storage_low_) {
    storage_low_ = status.storage_low;
    feed(StorageState{.full = status.storage_low});
  }
  if (drainer_) drainer_->queue_changed(status);
}

void Box::serve_queue() {
  storage_low_ = false;
  drainer_ = std::make_unique<Drainer>(*store_, *link_, drain_timer_, [this] { return around_.dice.part(); });
  store_->on_queue_change([this](const QueueStatus& status) { tell_queue(status); });
  tell_queue(store_->queue_status());
  later(kHousekeepEvery, [this] { housekeep(); });
}

void Box::send_again() {
  if (!alive()) return;
  ReceiptQuery query;
  query.state = ReceiptState::kQuarantined;
  query.limit = 1000;
  store_->list(query, [this](const Result<ReceiptPage>& page) {
    for (std::size_t i = 0; page && i < page->receipts.size(); ++i) {
      const auto id = page->receipts[i].receipt.receipt_id;
      uploads_.quarantined(id);
      uploads_.sent_again(id);
      store_->retry(id, {});
    }
  });
}

void Box::housekeep() {
  if (now().synchronised) {
    truth_.housekept(now().wall);
    store_->housekeep(now().wall);
  }
  later(kHousekeepEvery, [this] { housekeep(); });
}

}  // namespace exitgate::sim
