// The closures the backend has pushed: by cart and tag, found by session too, and never more than kMost: the soonest to
// expire goes first. A value; pure. Cost: logarithmic, since events come by the thousand when a stream catches up.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/event.hpp"

namespace exitgate {

using CartTag = std::pair<CartId, SessionTag>;

class ClosureCache {
 public:
  static constexpr std::size_t kMost = 100000;

  struct Known {
    Closure closure;
    MonoTime arrived{};
  };
  using Entries = std::map<CartTag, Known>;

  [[nodiscard]] const Known* find(const CartTag& key) const;
  /// The carts and tags whose closures name the session.
  [[nodiscard]] std::vector<CartTag> of_session(const Uuid& session_id) const;
  /// In place of what was known of its cart and tag.
  void put(const Closure& closure, MonoTime arrived);
  /// False: it was not there.
  bool erase(const CartTag& key);
  void clear();
  /// The one that ends first; nothing: there is none.
  [[nodiscard]] const Known* soonest() const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const Entries& entries() const { return entries_; }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.entries_, self.by_expiry_, self.by_session_);
  }

 private:
  Entries entries_;
  std::set<std::pair<WallTime, CartTag>> by_expiry_;
  std::set<std::pair<Uuid, CartTag>> by_session_;
};

}  // namespace exitgate
