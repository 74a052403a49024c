// Carts whose frames are authentic and carry a wrong time: their clock is wrong, or somebody replays them where they
// are not. 2 s of it, with no accepted frame between and no gap of 2 s, is trouble (see CartClockNotice). Pure. Bounds:
// kMaxCarts; beyond, the one heard least recently goes, those not raised first; kMaxReceivers are named per cart.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "beacon/heard.hpp"

namespace exitgate::beacon {

class ClockWatch {
 public:
  static constexpr std::size_t kMaxCarts = 256;
  static constexpr std::size_t kMaxReceivers = 32;
  static constexpr Duration kTrouble = milliseconds{2000};
  static constexpr Duration kUnheard = milliseconds{2000};
  static constexpr Duration kClear = milliseconds{60000};

  /// A frame with a good MAC and a bad time.
  void mistimed(MonoTime now, CartId cart_id, DeviceId receiver, BeaconResult reason, std::vector<Notice>& notices);
  void accepted(MonoTime now, CartId cart_id, std::vector<Notice>& notices);
  void on_time(MonoTime now, std::vector<Notice>& notices);
  [[nodiscard]] MonoTime next_deadline() const;

 private:
  struct Suspect {
    CartId cart_id = 0;
    BeaconResult reason = BeaconResult::kStale;
    MonoTime since{};
    MonoTime last{};
    bool running = false;  ///< mistimed frames are coming in
    bool raised = false;   ///< the lane was told
    bool fault = false;    ///< the fault stands
    std::vector<DeviceId> receivers;
  };
  Suspect& suspect(MonoTime now, CartId cart_id, std::vector<Notice>& notices);
  static void ease(Suspect& suspect, MonoTime now, std::vector<Notice>& notices);
  static Notice notice(const Suspect& suspect, CartClockNotice::Kind kind, MonoTime now);

  std::vector<Suspect> suspects_;
};

}  // namespace exitgate::beacon
