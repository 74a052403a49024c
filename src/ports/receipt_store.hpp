// Port: the durable store behind the controller: ledger, receipts, queue, quarantine and lane state.
//
// Ownership: the caller owns the store. Thread: all calls and callbacks on the loop's thread; the SQLite implementation
// has one worker. No call blocks. Errors: values in the callbacks; codes storage_full, storage_io, storage_damaged, not_found, wrong_state.
// Timing: a submit is one transaction, durable (fsync) when its callback comes with success; submits are applied in order: one
// that fails with a storage error takes with it those that were submitted before its answer came. Submits that wait while another commits are committed together; a commit never waits for a batch to fill.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mono_time.hpp"
#include "base/result.hpp"
#include "core/persist.hpp"
#include "core/receipt.hpp"

namespace exitgate {

enum class ReceiptState : std::uint8_t { kOpen, kQueued, kDelivered, kQuarantined };
[[nodiscard]] std::string_view to_string(ReceiptState state);
[[nodiscard]] std::optional<ReceiptState> parse_receipt_state(std::string_view text);

/// A receipt as it stands in the store. An open one has sequence 0 and empty hashes.
/// `json` of a sealed one is exactly what is uploaded and what `hash` was taken over (plus `hash` itself).
struct StoredReceipt {
  Receipt receipt;
  ReceiptState state = ReceiptState::kOpen;
  Uuid chain_id;
  std::int64_t sequence = 0;
  std::string previous_hash;  ///< 64 hex digits
  std::string hash;           ///< 64 hex digits
  std::string json;           ///< canonical form with hash
  std::string rejected_reason;  ///< quarantined: why
};

struct ReceiptQuery {
  std::optional<ReceiptState> state;
  std::optional<std::string> after;  ///< opaque: the `next` of the page before
  std::size_t limit = 100;           ///< 1–1000
};
struct ReceiptPage {
  std::vector<StoredReceipt> receipts;  ///< sealed ones by sequence, open ones by authorised_at after them
  std::optional<std::string> next;
  /// By chain: up to which sequence receipts may be missing because they were old and delivered; not of all stores.
  std::map<Uuid, std::int64_t> pruned_through;
};

struct QueueStatus {
  std::int64_t queued = 0;
  std::int64_t quarantined = 0;
  std::optional<WallTime> oldest_queued;  ///< ended_at of the oldest queued
  bool storage_low = false;  ///< max_queued reached, or the disk full and the reserve file released: admit on evidence only
  friend bool operator==(const QueueStatus&, const QueueStatus&) = default;
};

struct Delivered { Uuid receipt_id; };
struct Rejected { Uuid receipt_id; std::string reason; };
struct DeliveryOutcome {
  std::vector<Delivered> delivered;
  std::vector<Rejected> rejected;
};

class ReceiptStore {
 public:
  virtual ~ReceiptStore() = default;

  virtual void submit(std::vector<StoreWrite> transaction, std::function<void(Status)> done) = 0;

  /// The first `limit` queued receipts in order of sequence.
  virtual void next_queued(std::size_t limit, std::function<void(Result<std::vector<StoredReceipt>>)> done) = 0;
  virtual void record_outcome(DeliveryOutcome outcome, std::function<void(Status)> done) = 0;
  /// Puts a quarantined receipt back into the queue, at its sequence. not_found, wrong_state.
  virtual void retry(const Uuid& receipt_id, std::function<void(Status)> done) = 0;
  virtual void list(ReceiptQuery query, std::function<void(Result<ReceiptPage>)> done) = 0;
  virtual void get(const Uuid& receipt_id, std::function<void(Result<StoredReceipt>)> done) = 0;

  /// As of the last finished transaction; kept in memory, costs nothing.
  [[nodiscard]] virtual QueueStatus queue_status() const = 0;
  /// Told after every change of queue_status().
  virtual void on_queue_change(std::function<void(const QueueStatus&)> told) = 0;
};

}  // namespace exitgate
