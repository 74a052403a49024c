// Writes anew, piece by piece, what the controller knows: after a database was begun anew under a running box, and
// after transactions without receipts were dropped because too many of them waited for the disk.
//
// Ownership: a value; what it writes is read when each piece is made, so that changes in between are not undone. Pure.
// Order: the stream's cursor goes first and comes back last. A box that dies in between reads the stream from its
// beginning.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/session_book.hpp"

namespace exitgate {

class StateRewrite {
 public:
  static constexpr std::size_t kRowsInAPiece = 500;

  void begin() { at_ = Part::kBegin; }
  [[nodiscard]] bool running() const { return at_ != Part::kDone; }
  /// The next transaction.
  [[nodiscard]] std::vector<StoreWrite> next(const SessionBook& book, const std::vector<LaneDurable>& lanes,
                                             const std::string& cursor, const LastValidAnswer& last_answer);

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.at_, self.row_, self.after_);
  }

 private:
  enum class Part { kBegin, kLedger, kClosures, kCursor, kDone };
  Part at_ = Part::kDone;
  EntryIndex row_ = 0;
  std::optional<std::pair<CartId, SessionTag>> after_;
};

}  // namespace exitgate
