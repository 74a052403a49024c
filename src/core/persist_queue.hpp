// Transactions on their way to the disk. One that fails is kept in memory and tried again, in order, until it is
// written (lane contract §2, "admitting"; operation contract, full disk). A value; pure.
// Bounds: receipts by kMaxKept, beyond which the lanes hold open; while the disk fails the newest form of an open
// receipt takes the place of the one that waits. Transactions without a receipt by kMaxOthers: beyond it all of them
// that wait are dropped, as are those that come, until the disk works; then the controller writes what they were about
// anew (state_rewrite.hpp).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/event.hpp"
#include "core/wake.hpp"

namespace exitgate {

class PersistQueue {
 public:
  /// Receipts kept in memory while the disk can't take them; beyond it the box holds its lanes open.
  static constexpr std::size_t kMaxKept = 10000;
  /// Transactions that hold no receipt: what the stream told, lane states, the ledger's tidying.
  static constexpr std::size_t kMaxOthers = 10000;
  static constexpr Duration kRetryAfter = std::chrono::seconds{1};

  Ticket submit(std::vector<StoreWrite> writes, std::vector<Command>& out);
  void done(const Persisted& event, const Now& now);
  /// Sends again what failed.
  void update(Wake& wake, std::vector<Command>& out);

  /// Not yet known to be durable.
  [[nodiscard]] bool pending(Ticket ticket) const;
  /// Some transaction failed and is not written yet.
  [[nodiscard]] bool failing() const { return failed_since_.has_value(); }
  [[nodiscard]] bool overflowing() const { return receipts_.size() > kMaxKept; }
  [[nodiscard]] bool disk_full() const { return failing() && disk_full_; }
  [[nodiscard]] std::size_t kept() const { return kept_.size(); }
  /// True once, when the disk works again after transactions were dropped.
  [[nodiscard]] bool take_dropped();

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.kept_, self.receipts_, self.others_, self.dropped_, self.next_, self.failed_since_, self.retry_at_,
          self.disk_full_);
  }

 private:
  struct Kept {
    Ticket ticket = 0;
    std::vector<StoreWrite> writes;
    bool in_flight = true;
    bool holds_receipt = false;
  };
  void count(const std::vector<StoreWrite>& writes, int by);
  [[nodiscard]] std::optional<Ticket> take_place(const std::vector<StoreWrite>& writes);
  void drop_others();
  std::deque<Kept> kept_;         // in order of ticket
  std::map<Uuid, int> receipts_;  // in them: how many transactions name it
  Ticket next_ = 1;
  std::optional<MonoTime> failed_since_;
  MonoTime retry_at_{};
  bool disk_full_ = false;
  std::size_t others_ = 0;  // of kept_, without a receipt
  bool dropped_ = false;
};

}  // namespace exitgate
