// What must be on a box's disk, from what the disk itself answered: everything answered is there after a restart, and
// nothing else but what was being written when the process ended, which is there as a whole or not at all. Written from
// the lane contract's S5 and S6 and the meaning of the store's writes; it shares no code with the outbox. Thread: one.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/persist.hpp"
#include "receipts/outbox.hpp"
#include "tools/sim/durable_rows.hpp"

namespace exitgate::sim {

class DurableTruth {
 public:
  using Writes = std::vector<StoreWrite>;

  /// Answered as durable.
  void written(const Writes& writes) {
    now_.take(writes);
    refused_.clear();
    pasts_.clear();
  }
  /// Answered with an error: it may be on the disk all the same, until something else is written. Those refused at one
  /// time were one transaction.
  void refused(const Writes& writes, MonoTime at);
  /// Rows that expired before this may be gone.
  void housekept(WallTime now) { housekept_ = std::max(housekept_, now); }

  /// After opening: what is wrong with what was found; empty: nothing. From then on what was found is the truth; but
  /// until something is answered as written the disk may come up with any of what was not: what one process found in
  /// memory is gone with the power, and what the disk refused earlier may be on it.
  [[nodiscard]] std::string judge(Outbox& outbox, const LoadedState& found, const std::vector<Writes>& in_flight);

  [[nodiscard]] std::int64_t sealed() const { return now_.sealed_count; }

 private:
  struct Sealed {
    Uuid id;
    Outcome outcome{};
    std::uint32_t passages = 0;
  };
  struct Content {
    std::map<Uuid, Receipt> open;
    std::deque<Sealed> newest_sealed;
    std::int64_t sealed_count = 0;
    std::map<Uuid, LedgerEntry> ledger;
    std::map<std::string, LaneDurable> lanes;
    std::map<Uuid, Closure> closures;
    std::string cursor;
    DurableRows rows;

    void take(const Writes& writes);
    void take(const StoreWrite& write);
  };
  /// What a process left answered as written, and what it had given to the disk without that answer, each a
  /// transaction by itself.
  struct Past {
    Content content;
    std::vector<std::vector<Writes>> unanswered;
  };
  [[nodiscard]] std::optional<Content> found_of(const Past& past, Outbox& outbox, const LoadedState& found) const;
  [[nodiscard]] std::string differs(const Content& content, Outbox& outbox, const LoadedState& found) const;
  [[nodiscard]] std::string receipts_differ(const Content& content, Outbox& outbox, const LoadedState& found) const;
  [[nodiscard]] std::string state_differs(const Content& content, const LoadedState& found) const;

  Content now_;
  std::deque<Past> pasts_;  ///< the newest first
  std::vector<std::pair<MonoTime, std::vector<Writes>>> refused_;
  WallTime housekept_ = wall_from_ms(0);
};

}  // namespace exitgate::sim
