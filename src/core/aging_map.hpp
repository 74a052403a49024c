// What is kept until a time of its own, and never more than so many: at the bound the soonest to end goes first.
// A value; pure. Cost: logarithmic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/wall_time.hpp"

namespace exitgate {

template <class Key, class Value>
class AgingMap {
 public:
  struct Kept {
    Value value;
    WallTime until{};
    std::uint64_t number = 0;
  };

  explicit AgingMap(std::size_t most) : most_(most) {}

  /// The key that had to go for it, if one had to.
  std::optional<Key> put(const Key& key, Value value, WallTime until) {
    erase(key);
    kept_.emplace(key, Kept{std::move(value), until, ++numbers_});
    by_end_.emplace(std::pair(until, numbers_), key);
    if (kept_.size() <= most_) return std::nullopt;
    const Key gone = by_end_.begin()->second;
    erase(gone);
    return gone;
  }
  bool erase(const Key& key) {
    const auto found = kept_.find(key);
    if (found == kept_.end()) return false;
    by_end_.erase({found->second.until, found->second.number});
    kept_.erase(found);
    return true;
  }
  void drop_ended(WallTime now) {
    while (!by_end_.empty() && by_end_.begin()->first.first < now) {
      kept_.erase(by_end_.begin()->second);
      by_end_.erase(by_end_.begin());
    }
  }
  /// Nothing once its time is over.
  [[nodiscard]] const Kept* find(const Key& key, WallTime now) const {
    const auto found = kept_.find(key);
    return found != kept_.end() && found->second.until >= now ? &found->second : nullptr;
  }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  [[nodiscard]] auto begin() const { return kept_.begin(); }
  [[nodiscard]] auto end() const { return kept_.end(); }

  /// Every member, in order, for a trace's start.
  template <class Self, class Visit>
  static void visit_state(Self& self, Visit&& visit) {
    visit(self.most_, self.numbers_, self.kept_, self.by_end_);
  }

 private:
  std::size_t most_;
  std::uint64_t numbers_ = 0;
  std::unordered_map<Key, Kept> kept_;
  std::map<std::pair<WallTime, std::uint64_t>, Key> by_end_;
};

}  // namespace exitgate
