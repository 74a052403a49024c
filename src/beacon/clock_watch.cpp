#include "beacon/clock_watch.hpp"

#include <algorithm>
#include <tuple>

namespace exitgate::beacon {

Notice ClockWatch::notice(const Suspect& suspect, CartClockNotice::Kind kind, MonoTime now) {
  return CartClockNotice{kind, suspect.cart_id, suspect.reason, suspect.receivers, now};
}

ClockWatch::Suspect& ClockWatch::suspect(MonoTime now, CartId cart_id, std::vector<Notice>& notices) {
  const auto found =
      std::find_if(suspects_.begin(), suspects_.end(), [&](const Suspect& known) { return known.cart_id == cart_id; });
  if (found != suspects_.end()) return *found;
  if (suspects_.size() >= kMaxCarts) {
    const auto dropped = std::min_element(suspects_.begin(), suspects_.end(), [](const Suspect& a, const Suspect& b) {
      return std::tie(a.fault, a.last) < std::tie(b.fault, b.last);
    });
    ease(*dropped, now, notices);
    if (dropped->fault) notices.push_back(notice(*dropped, CartClockNotice::Kind::kCleared, now));
    suspects_.erase(dropped);
  }
  auto& added = suspects_.emplace_back();
  added.cart_id = cart_id;
  return added;
}

void ClockWatch::mistimed(MonoTime now, CartId cart_id, DeviceId receiver, BeaconResult reason,
                          std::vector<Notice>& notices) {
  auto& cart = suspect(now, cart_id, notices);
  if (cart.running && now - cart.last >= kUnheard) ease(cart, now, notices);
  if (!cart.running) {
    cart.running = true;
    cart.since = now;
    cart.receivers.clear();
  }
  cart.last = now;
  cart.reason = reason;
  if (std::find(cart.receivers.begin(), cart.receivers.end(), receiver) == cart.receivers.end() &&
      cart.receivers.size() < kMaxReceivers) {
    cart.receivers.push_back(receiver);
  }
  if (!cart.raised && now - cart.since >= kTrouble) {
    cart.raised = true;
    cart.fault = true;
    notices.push_back(notice(cart, CartClockNotice::Kind::kRaised, now));
  }
}

void ClockWatch::ease(Suspect& suspect, MonoTime now, std::vector<Notice>& notices) {
  suspect.running = false;
  if (suspect.raised) {
    suspect.raised = false;
    notices.push_back(notice(suspect, CartClockNotice::Kind::kEased, now));
  }
}

void ClockWatch::accepted(MonoTime now, CartId cart_id, std::vector<Notice>& notices) {
  for (auto& cart : suspects_) {
    if (cart.cart_id == cart_id) return ease(cart, now, notices);
  }
}

void ClockWatch::on_time(MonoTime now, std::vector<Notice>& notices) {
  for (auto& cart : suspects_) {
    if (cart.running && now - cart.last >= kUnheard) ease(cart, now, notices);
    if (cart.fault && now - cart.last >= kClear) {
      cart.fault = false;
      notices.push_back(notice(cart, CartClockNotice::Kind::kCleared, now));
    }
  }
  std::erase_if(suspects_, [](const Suspect& cart) { return !cart.running && !cart.fault; });
}

MonoTime ClockWatch::next_deadline() const {
  MonoTime next = kNever;
  for (const auto& cart : suspects_) {
    if (cart.running) next = std::min(next, cart.last + kUnheard);
    if (cart.fault) next = std::min(next, cart.last + kClear);
  }
  return next;
}

}  // namespace exitgate::beacon
