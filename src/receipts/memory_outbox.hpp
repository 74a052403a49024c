// The outbox as a value in memory: the same meaning as Outbox, nothing durable. The fake store stands on it, tests
// compare Outbox with it, and a copy of it is a snapshot. Thread: one. Errors: not_found, wrong_state, invalid_receipt,
// invalid_query.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/persist.hpp"
#include "ports/receipt_store.hpp"
#include "receipts/state_rows.hpp"

namespace exitgate {

class MemoryOutbox {
 public:
  explicit MemoryOutbox(const Uuid& chain_id);

  /// All or nothing.
  [[nodiscard]] Status apply(const std::vector<StoreWrite>& transaction);
  [[nodiscard]] Status record_outcome(const DeliveryOutcome& outcome);
  [[nodiscard]] Status retry(const Uuid& receipt_id);
  [[nodiscard]] std::vector<StoredReceipt> next_queued(std::size_t limit) const;
  [[nodiscard]] Result<ReceiptPage> list(const ReceiptQuery& query) const;
  [[nodiscard]] Result<StoredReceipt> get(const Uuid& receipt_id) const;
  [[nodiscard]] LoadedState load(WallTime now) const;
  [[nodiscard]] QueueStatus queue_status() const;

 private:
  /// What a transaction changed, newest last, so that it can be taken back.
  struct Undo {
    ChainState chain;
    std::vector<std::pair<Uuid, std::optional<StoredReceipt>>> receipts;
    std::vector<std::pair<std::pair<std::string, std::string>, std::optional<StateRow>>> state;
  };
  void take_back(Undo& undo);
  /// The only two that change anything.
  void place(const Uuid& id, std::optional<StoredReceipt> stored);
  void place(const std::pair<std::string, std::string>& key, std::optional<StateRow> row);

  [[nodiscard]] Status write(const StoreWrite& one);
  void change(const StateChange& change);
  [[nodiscard]] Status put_open(const Receipt& receipt);
  [[nodiscard]] Status put_sealed(const Receipt& receipt);
  [[nodiscard]] Status record(const DeliveryOutcome& outcome);
  /// Sealed by sequence, then open by authorised_at.
  [[nodiscard]] std::vector<const StoredReceipt*> in_order() const;

  ChainState chain_;
  std::map<Uuid, StoredReceipt> receipts_;
  std::map<std::pair<std::string, std::string>, StateRow> state_;
  std::map<std::int64_t, Uuid> queued_;  ///< by sequence
  std::int64_t quarantined_ = 0;
  Undo undo_;
};

}  // namespace exitgate
