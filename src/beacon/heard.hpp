// What the verifier tells of adverts: frames that were proven, results for the metric, and notices for faults.
// Values only. Times are monotonic; levels in dBm, 127 where the receiver gave none.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "beacon/frames.hpp"
#include "core/lane_config.hpp"

namespace exitgate::beacon {

/// What came of one payload of our company id; the label `result` of beacons_total{receiver,result}.
enum class BeaconResult : std::uint8_t {
  kAccepted,
  kLength,
  kVersion,
  kState,
  kMac,
  kStale,
  kReplayed,  // presence
  kReserved,
  kPresenceMismatch,
  kUnknownKey,
  kSignature,
  kNotYetValid,
  kExpired,
  kDeferred,  // pass
};
inline constexpr std::size_t kBeaconResultCount = 14;
/// The contract's names; "deferred": a pass beyond the verifications of this second, judged when heard again.
[[nodiscard]] std::string_view to_string(BeaconResult result);

using Address = std::array<std::uint8_t, 6>;  ///< most significant byte first

/// An accepted presence frame.
struct BeaconHeard {
  DeviceId receiver = 0;
  CartId cart_id = 0;
  CartState state = CartState::kIdle;
  SessionTag session_tag;
  std::int8_t rssi_dbm = 127;
  std::int8_t tx_dbm = 0;
  MonoTime at{};
};

/// A pass proven against an accepted presence and a live key, inside its window when heard. Told once per distinct
/// payload, and again when it is heard anew after 10 s of not hearing it. Expiry is to be judged again when it is used.
struct PassHeard {
  DeviceId receiver = 0;
  Pass pass;
  PassBytes raw{};
  MonoTime at{};
};

/// A frame with a good MAC that is stale or replayed: it opens nothing, but a cart is there.
struct MistimedHeard {
  DeviceId receiver = 0;
  CartId cart_id = 0;
  CartState state = CartState::kIdle;
  SessionTag session_tag;
  BeaconResult reason = BeaconResult::kStale;
  std::int8_t rssi_dbm = 127;
  std::int8_t tx_dbm = 0;
  MonoTime at{};
};

using Heard = std::variant<std::monostate, BeaconHeard, PassHeard, MistimedHeard>;

/// Fault beacon_forgery: 20 bad MACs from one address in 10 s; cleared after 60 s without one.
struct ForgeryNotice {
  bool raised = false;
  Address address{};
  std::int8_t rssi_dbm = 127;  ///< of its last bad frame
  MonoTime at{};
};

/// Fault cart_clock. raised: 2 s of good MACs with bad times; eased: accepted again, or unheard for 2 s (the lane's
/// see_staff ends); cleared: 60 s after its last such frame (the fault ends). raised may follow eased again before
/// cleared.
struct CartClockNotice {
  enum class Kind : std::uint8_t { kRaised, kEased, kCleared };
  Kind kind = Kind::kRaised;
  CartId cart_id = 0;
  BeaconResult reason = BeaconResult::kStale;
  std::vector<DeviceId> receivers;  ///< that heard it, in order of first hearing
  MonoTime at{};
};

/// A pass of a cart at hand names a key the gate does not have: fetch the keys. Again each second it is heard.
struct WantsPassKeys {
  std::uint8_t key_id = 0;
};

using Notice = std::variant<ForgeryNotice, CartClockNotice, WantsPassKeys>;

}  // namespace exitgate::beacon
