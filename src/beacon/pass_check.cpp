#include "beacon/pass_check.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace exitgate::beacon {
namespace {

constexpr std::size_t kFailedPlaces = 512;
constexpr std::size_t kDeferredPlaces = 4096;
constexpr std::chrono::milliseconds kClosedAhead{30000};
constexpr Duration kSecond = milliseconds{1000};

std::uint64_t fingerprint_of(std::span<const std::uint8_t, kPassSize> payload) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(payload.data()), payload.size()});
}

}  // namespace

PassCheck::PassCheck(std::string_view store_id)
    : engine_(store_id), failed_(kFailedPlaces), deferred_(kDeferredPlaces, 0) {}

bool PassCheck::set_keys(std::vector<PassKey> keys) {
  if (keys == keys_) return false;
  keys_ = std::move(keys);
  for (auto& place : failed_) place.used = false;
  return true;
}

const PassKey* PassCheck::find_key(std::uint8_t key_id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const PassKey& key) { return key.key_id == key_id; });
  return found == keys_.end() ? nullptr : &*found;
}

bool PassCheck::may_verify(MonoTime now, std::uint64_t fingerprint) {
  auto& place = deferred_[fingerprint % kDeferredPlaces];
  const std::size_t allowed = place == fingerprint ? kPerSecond : kPerSecondUnheard;
  if (verified_count_ >= allowed) {
    const MonoTime earlier = verified_at_[(verified_count_ - allowed) % kPerSecond];
    if (now - earlier < kSecond) {
      place = fingerprint;
      return false;
    }
  }
  verified_at_[verified_count_ % kPerSecond] = now;
  ++verified_count_;
  return true;
}

BeaconResult PassCheck::verify(MonoTime now, std::span<const std::uint8_t, kPassSize> payload) {
  const PassKey* const key = find_key(payload[1]);
  if (key == nullptr) return BeaconResult::kUnknownKey;
  const std::uint64_t fingerprint = fingerprint_of(payload);
  auto& failed = failed_[fingerprint % kFailedPlaces];
  if (failed.used && std::equal(payload.begin(), payload.end(), failed.payload.begin())) {
    return BeaconResult::kSignature;
  }
  if (!may_verify(now, fingerprint)) return BeaconResult::kDeferred;
  if (engine_.fits(key->public_key, payload)) return BeaconResult::kAccepted;
  std::copy(payload.begin(), payload.end(), failed.payload.begin());
  failed.used = true;
  return BeaconResult::kSignature;
}

BeaconResult PassCheck::judge_time(const Pass& pass, const ClockView& clock) const {
  const WallTime closed_at = wall_from_s(pass.closed_at_unix_s);
  if (clock.synchronised) {
    if (closed_at > clock.now + kClosedAhead) return BeaconResult::kNotYetValid;
    const PassKey* const key = find_key(pass.key_id);
    if (key != nullptr &&
        ((key->not_before && closed_at < *key->not_before) || (key->not_after && closed_at > *key->not_after))) {
      return BeaconResult::kNotYetValid;
    }
  }
  return unix_s(clock.judging) > pass.expires_at_unix_s ? BeaconResult::kExpired : BeaconResult::kAccepted;
}

}  // namespace exitgate::beacon
