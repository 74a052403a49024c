#include "core/closure_cache.hpp"

namespace exitgate {
namespace {

CartTag key_of(const Closure& closure) { return {closure.cart_id, closure.session_tag}; }

}  // namespace

const ClosureCache::Known* ClosureCache::find(const CartTag& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<CartTag> ClosureCache::of_session(const Uuid& session_id) const {
  std::vector<CartTag> keys;
  for (auto at = by_session_.lower_bound({session_id, CartTag{}}); at != by_session_.end(); ++at) {
    if (at->first != session_id) break;
    keys.push_back(at->second);
  }
  return keys;
}

void ClosureCache::put(const Closure& closure, MonoTime arrived) {
  const auto key = key_of(closure);
  erase(key);
  entries_.emplace(key, Known{closure, arrived});
  by_expiry_.emplace(closure.expires_at, key);
  by_session_.emplace(closure.session_id, key);
}

bool ClosureCache::erase(const CartTag& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  by_expiry_.erase({found->second.closure.expires_at, key});
  by_session_.erase({found->second.closure.session_id, key});
  entries_.erase(found);
  return true;
}

void ClosureCache::clear() {
  entries_.clear();
  by_expiry_.clear();
  by_session_.clear();
}

const ClosureCache::Known* ClosureCache::soonest() const {
  return by_expiry_.empty() ? nullptr : find(by_expiry_.begin()->second);
}

}  // namespace exitgate
