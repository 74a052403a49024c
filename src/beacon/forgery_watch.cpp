#include "beacon/forgery_watch.hpp"

#include <algorithm>
#include <tuple>

namespace exitgate::beacon {

ForgeryWatch::Sender& ForgeryWatch::sender_of(MonoTime now, const Address& address, std::vector<Notice>& notices) {
  const auto found =
      std::find_if(senders_.begin(), senders_.end(), [&](const Sender& sender) { return sender.address == address; });
  if (found != senders_.end()) return *found;
  if (senders_.size() < kMaxAddresses) {
    auto& added = senders_.emplace_back();
    added.address = address;
    return added;
  }
  auto& dropped = *std::min_element(senders_.begin(), senders_.end(), [](const Sender& a, const Sender& b) {
    return std::tie(a.raised, a.last) < std::tie(b.raised, b.last);
  });
  if (dropped.raised) notices.push_back(ForgeryNotice{false, dropped.address, dropped.rssi_dbm, now});
  dropped = Sender{};
  dropped.address = address;
  return dropped;
}

void ForgeryWatch::bad_mac(MonoTime now, const Address& address, std::int8_t rssi_dbm, std::vector<Notice>& notices) {
  auto& sender = sender_of(now, address, notices);
  sender.rssi_dbm = rssi_dbm;
  sender.last = now;
  sender.times[sender.count % kBadMacs] = now;
  ++sender.count;
  if (sender.raised || sender.count < kBadMacs) return;
  const MonoTime oldest = sender.times[sender.count % kBadMacs];
  if (now - oldest > kWithin) return;
  sender.raised = true;
  next_deadline_ = std::min(next_deadline_, now + kQuiet);
  notices.push_back(ForgeryNotice{true, address, rssi_dbm, now});
}

void ForgeryWatch::on_time(MonoTime now, std::vector<Notice>& notices) {
  if (now < next_deadline_) return;
  next_deadline_ = kNever;
  for (auto& sender : senders_) {
    if (!sender.raised) continue;
    if (now - sender.last >= kQuiet) {
      sender.raised = false;
      sender.count = 0;
      notices.push_back(ForgeryNotice{false, sender.address, sender.rssi_dbm, now});
    } else {
      next_deadline_ = std::min(next_deadline_, sender.last + kQuiet);
    }
  }
}

}  // namespace exitgate::beacon
