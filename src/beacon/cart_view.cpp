#include "beacon/cart_view.hpp"

#include <algorithm>

namespace exitgate::beacon {

bool CartInView::has_proven(std::span<const std::uint8_t, kPresenceSize> frame) const {
  for (std::size_t i = 0; i < proven_count_; ++i) {
    if (std::equal(frame.begin(), frame.end(), proven_[i].begin())) return true;
  }
  return false;
}

void CartInView::remember_proven(std::span<const std::uint8_t, kPresenceSize> frame) {
  std::copy(frame.begin(), frame.end(), proven_[next_proven_].begin());
  proven_count_ = static_cast<std::uint8_t>(std::max<int>(proven_count_, next_proven_ + 1));
  next_proven_ = static_cast<std::uint8_t>((next_proven_ + 1U) % proven_.size());
}

void CartInView::remember_tag(MonoTime now, const SessionTag& tag) {
  auto& newest = tags_[0];
  if (newest.at && newest.tag != tag) tags_[1] = newest;
  newest = {.tag = tag, .at = now};
}

bool CartInView::named_lately(MonoTime now, const SessionTag& tag) const {
  return std::any_of(tags_.begin(), tags_.end(), [&](const NamedTag& named) {
    return named.at && named.tag == tag && now - *named.at <= kPresenceForPass;
  });
}

ProvenPass* CartInView::find_pass(std::span<const std::uint8_t, kPassSize> payload) {
  for (auto& pass : passes_) {
    if (pass.used && std::equal(payload.begin(), payload.end(), pass.payload.begin())) return &pass;
  }
  return nullptr;
}

ProvenPass& CartInView::remember_pass(std::span<const std::uint8_t, kPassSize> payload) {
  auto& pass = passes_[next_pass_];
  next_pass_ = static_cast<std::uint8_t>((next_pass_ + 1U) % passes_.size());
  pass = {};
  pass.used = true;
  std::copy(payload.begin(), payload.end(), pass.payload.begin());
  return pass;
}

void CartInView::forget_keys() {
  keys = {};
  proven_count_ = 0;
  next_proven_ = 0;
}

CartInView* CartsInView::find(CartId cart_id) {
  const auto found = by_id_.find(cart_id);
  return found == by_id_.end() ? nullptr : &*found->second;
}

CartInView& CartsInView::touch(CartId cart_id) {
  if (const auto found = by_id_.find(cart_id); found != by_id_.end()) {
    recent_first_.splice(recent_first_.begin(), recent_first_, found->second);
    return recent_first_.front();
  }
  if (by_id_.size() >= kMaxCartsInView) {
    by_id_.erase(recent_first_.back().cart_id);
    recent_first_.pop_back();
  }
  auto& cart = recent_first_.emplace_front();
  cart.cart_id = cart_id;
  by_id_.emplace(cart_id, recent_first_.begin());
  return cart;
}

}  // namespace exitgate::beacon
