// Keeps transactions in the order of their submission when the disk refuses one. What was submitted before a refusal
// was heard of must not overtake the refused one: that comes again, and its older rows would be written over newer
// ones. One that is held for it is refused in its turn, for its submitter may know nothing of the first. Deliveries and
// retries keep their own order and are not held.
//
// A value. Thread: whoever owns the outbox. Errors: a held transaction gets storage_io, to be tried again.
#pragma once

#include <cstdint>
#include <vector>

#include "receipts/outbox.hpp"

namespace exitgate {

struct SubmittedWrite {
  OutboxWrite what;
  std::uint64_t refusals_heard = 0;  ///< refusals() as its submitter knew it
};

class OrderedWrites {
 public:
  /// What may be written now is one transaction; a result for each, in order.
  [[nodiscard]] std::vector<Status> apply(Outbox& outbox, std::vector<SubmittedWrite> writes);
  /// Whether it is not to be written now; then those behind it are not, until this was heard.
  [[nodiscard]] bool hold(const SubmittedWrite& write);
  [[nodiscard]] std::uint64_t refusals() const { return refusals_; }

 private:
  std::uint64_t refusals_ = 0;
};

}  // namespace exitgate
