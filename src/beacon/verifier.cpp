#include "beacon/verifier.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace exitgate::beacon {
namespace {

/// How often they are fetched is for the one who fetches; passes repeat, and not every one need ask.
constexpr Duration kWantKeysEvery = milliseconds{1000};
constexpr std::uint8_t kKindMask = 0xF0;

/// By the upper half of byte 0; a payload of neither kind is judged as the one its size is nearer to, and fails there.
bool is_pass(std::span<const std::uint8_t> payload) {
  if (payload.empty()) return false;
  const auto kind = static_cast<std::uint8_t>(payload[0] & kKindMask);
  if (kind == (kPassVersion & kKindMask)) return true;
  return kind != (kPresenceVersion & kKindMask) && payload.size() > (kPresenceSize + kPassSize) / 2;
}

}  // namespace

std::string_view to_string(BeaconResult result) {
  switch (result) {
    case BeaconResult::kAccepted:
      return "accepted";
    case BeaconResult::kLength:
      return "length";
    case BeaconResult::kVersion:
      return "version";
    case BeaconResult::kState:
      return "state";
    case BeaconResult::kMac:
      return "mac";
    case BeaconResult::kStale:
      return "stale";
    case BeaconResult::kReplayed:
      return "replayed";
    case BeaconResult::kReserved:
      return "reserved";
    case BeaconResult::kPresenceMismatch:
      return "presence_mismatch";
    case BeaconResult::kUnknownKey:
      return "unknown_key";
    case BeaconResult::kSignature:
      return "signature";
    case BeaconResult::kNotYetValid:
      return "not_yet_valid";
    case BeaconResult::kExpired:
      return "expired";
    case BeaconResult::kDeferred:
      return "deferred";
  }
  return "unknown";
}

BeaconVerifier::BeaconVerifier(VerifierSettings settings)
    : settings_(std::move(settings)),
      macs_(settings_.store_id, settings_.store_keys),
      passes_(settings_.store_id),
      marks_(settings_.max_age_s) {
  EXITGATE_CHECK(!settings_.store_keys.empty() && settings_.store_keys.size() <= 2);
}

void BeaconVerifier::set_pass_keys(std::vector<PassKey> keys) {
  if (!passes_.set_keys(std::move(keys))) return;
  carts_.for_each([](CartInView& cart) { cart.forget_passes(); });
}

void BeaconVerifier::reconfigure(VerifierSettings settings) {
  EXITGATE_CHECK(!settings.store_keys.empty() && settings.store_keys.size() <= 2);
  // The store's id names the box and does not change while it runs; only what is said of beacons does.
  settings.store_id = settings_.store_id;
  settings_ = std::move(settings);
  macs_ = MacEngine(settings_.store_id, settings_.store_keys);
  marks_.set_max_age_s(settings_.max_age_s);
  carts_.for_each([](CartInView& cart) { cart.forget_keys(); });
}

Heard BeaconVerifier::hear(const Advert& advert, const ClockView& clock) {
  const auto payload = find_manufacturer_data(advert.data, settings_.company_id);
  if (!payload) return {};
  auto judged = is_pass(*payload) ? judge_pass(advert, clock, *payload) : judge_presence(advert, clock, *payload);
  if (advert.receiver < kMaxReceivers) {
    if (counts_.size() <= advert.receiver) counts_.resize(advert.receiver + std::size_t{1});
    ++counts_[advert.receiver][static_cast<std::size_t>(judged.result)];
  }
  return std::move(judged.heard);
}

BeaconVerifier::Judged BeaconVerifier::judge_presence(const Advert& advert, const ClockView& clock,
                                                      std::span<const std::uint8_t> payload) {
  if (payload.size() != kPresenceSize) return {BeaconResult::kLength, {}};
  const auto frame = payload.first<kPresenceSize>();
  if (frame[0] != kPresenceVersion) return {BeaconResult::kVersion, {}};
  if (frame[1] >= kCartStateCount) return {BeaconResult::kState, {}};
  const Presence presence = read_presence(frame);
  CartInView* const known = carts_.find(presence.cart_id);
  const bool proven_before = known != nullptr && known->has_proven(frame);
  if (!proven_before && !authentic(known, presence.cart_id, frame)) {
    forgery_.bad_mac(advert.at, advert.address, advert.rssi_dbm, notices_);
    return {BeaconResult::kMac, {}};
  }
  const std::int64_t sent_unix_s = frame_time(presence.time24, clock);
  const Freshness freshness = marks_.judge(presence.cart_id, sent_unix_s, clock);
  if (freshness != Freshness::kFresh) {
    const auto reason = freshness == Freshness::kStale ? BeaconResult::kStale : BeaconResult::kReplayed;
    clocks_.mistimed(advert.at, presence.cart_id, advert.receiver, reason, notices_);
    return {reason, MistimedHeard{.receiver = advert.receiver,
                                  .cart_id = presence.cart_id,
                                  .state = presence.state,
                                  .session_tag = presence.session_tag,
                                  .reason = reason,
                                  .rssi_dbm = advert.rssi_dbm,
                                  .tx_dbm = presence.tx_dbm,
                                  .at = advert.at}};
  }
  marks_.accept(advert.at, presence.cart_id, sent_unix_s);
  clocks_.accepted(advert.at, presence.cart_id, notices_);
  auto& cart = carts_.touch(presence.cart_id);
  if (!proven_before) cart.remember_proven(frame);
  cart.remember_tag(advert.at, presence.session_tag);
  return {BeaconResult::kAccepted, BeaconHeard{.receiver = advert.receiver,
                                               .cart_id = presence.cart_id,
                                               .state = presence.state,
                                               .session_tag = presence.session_tag,
                                               .rssi_dbm = advert.rssi_dbm,
                                               .tx_dbm = presence.tx_dbm,
                                               .at = advert.at}};
}

bool BeaconVerifier::authentic(CartInView* cart, CartId cart_id, std::span<const std::uint8_t, kPresenceSize> frame) {
  for (std::size_t i = 0; i < macs_.store_key_count(); ++i) {
    if (cart == nullptr) {
      if (macs_.fits(macs_.cart_key(i, cart_id), frame)) return true;
      continue;
    }
    auto& key = cart->keys[i];
    if (!key) key = macs_.cart_key(i, cart_id);
    if (macs_.fits(*key, frame)) return true;
  }
  return false;
}

BeaconVerifier::Judged BeaconVerifier::judge_pass(const Advert& advert, const ClockView& clock,
                                                  std::span<const std::uint8_t> payload) {
  if (payload.size() != kPassSize) return {BeaconResult::kLength, {}};
  const auto bytes = payload.first<kPassSize>();
  if (bytes[0] != kPassVersion) return {BeaconResult::kVersion, {}};
  // A party of nobody is outside the field's range and as little a pass as one with reserved bits.
  if (bytes[52] != 0 || bytes[53] != 0 || bytes[27] == 0) return {BeaconResult::kReserved, {}};
  const Pass pass = read_pass(bytes);
  CartInView* const cart = carts_.find(pass.cart_id);
  if (cart == nullptr || !cart->named_lately(advert.at, pass.session_tag)) return {BeaconResult::kPresenceMismatch, {}};
  ProvenPass* proven = cart->find_pass(bytes);
  if (proven == nullptr) {
    const BeaconResult verified = passes_.verify(advert.at, bytes);
    if (verified == BeaconResult::kUnknownKey) want_keys(advert.at, pass.key_id);
    if (verified != BeaconResult::kAccepted) return {verified, {}};
    proven = &cart->remember_pass(bytes);
  }
  const BeaconResult timely = passes_.judge_time(pass, clock);
  if (timely != BeaconResult::kAccepted) return {timely, {}};
  const bool tell = !proven->told || advert.at - proven->heard_at >= kPresenceForPass;
  proven->told = true;
  proven->heard_at = advert.at;
  if (!tell) return {BeaconResult::kAccepted, {}};
  return {BeaconResult::kAccepted,
          PassHeard{.receiver = advert.receiver, .pass = pass, .raw = proven->payload, .at = advert.at}};
}

void BeaconVerifier::want_keys(MonoTime now, std::uint8_t key_id) {
  if (wanted_keys_at_ && now - *wanted_keys_at_ < kWantKeysEvery) return;
  wanted_keys_at_ = now;
  notices_.push_back(WantsPassKeys{key_id});
}

void BeaconVerifier::on_time(MonoTime now) {
  forgery_.on_time(now, notices_);
  clocks_.on_time(now, notices_);
}

MonoTime BeaconVerifier::next_deadline() const {
  return std::min({forgery_.next_deadline(), clocks_.next_deadline(), marks_.due()});
}

std::vector<Notice> BeaconVerifier::take_notices() { return std::exchange(notices_, {}); }

std::uint64_t BeaconVerifier::count(DeviceId receiver, BeaconResult result) const {
  return receiver < counts_.size() ? counts_[receiver][static_cast<std::size_t>(result)] : 0;
}

}  // namespace exitgate::beacon
