// Who sends frames with bad MACs: 20 from one address in 10 s raise beacon_forgery, 60 s without one clear it.
// Pure. Bounds: kMaxAddresses; beyond, the least recently heard goes, those not raised first.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "beacon/heard.hpp"

namespace exitgate::beacon {

class ForgeryWatch {
 public:
  static constexpr std::size_t kMaxAddresses = 256;
  static constexpr std::size_t kBadMacs = 20;
  static constexpr Duration kWithin = milliseconds{10000};
  static constexpr Duration kQuiet = milliseconds{60000};

  void bad_mac(MonoTime now, const Address& address, std::int8_t rssi_dbm, std::vector<Notice>& notices);
  void on_time(MonoTime now, std::vector<Notice>& notices);
  [[nodiscard]] MonoTime next_deadline() const { return next_deadline_; }
  [[nodiscard]] std::size_t size() const { return senders_.size(); }

 private:
  struct Sender {
    Address address{};
    std::array<MonoTime, kBadMacs> times{};  ///< ring of the last bad MACs
    std::size_t count = 0;                   ///< ever
    std::int8_t rssi_dbm = 127;
    bool raised = false;
    MonoTime last{};
  };
  Sender& sender_of(MonoTime now, const Address& address, std::vector<Notice>& notices);

  std::vector<Sender> senders_;
  MonoTime next_deadline_ = kNever;  ///< a lower bound: set by the first raised, made exact in on_time()
};

}  // namespace exitgate::beacon
