// Proves pass signatures at a bounded price: a payload that failed is remembered, and at most kPerSecond are verified.
// Half of them are for payloads heard before: a pass is repeated many times, so a flood of ever new ones cannot keep it
// out. Pure but for OpenSSL. Memory is fixed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/gate_clock.hpp"
#include "base/mono_time.hpp"
#include "beacon/crypto.hpp"
#include "beacon/heard.hpp"
#include "core/backend_messages.hpp"

namespace exitgate::beacon {

class PassCheck {
 public:
  static constexpr std::size_t kPerSecond = 50;
  static constexpr std::size_t kPerSecondUnheard = 25;

  explicit PassCheck(std::string_view store_id);

  /// True when they differ from those before: what was proven with others must be proven anew.
  bool set_keys(std::vector<PassKey> keys);
  [[nodiscard]] const PassKey* find_key(std::uint8_t key_id) const;
  /// accepted, unknown_key, signature or deferred.
  [[nodiscard]] BeaconResult verify(MonoTime now, std::span<const std::uint8_t, kPassSize> payload);
  /// accepted, not_yet_valid or expired; of a pass whose signature is good.
  [[nodiscard]] BeaconResult judge_time(const Pass& pass, const ClockView& clock) const;

 private:
  [[nodiscard]] bool may_verify(MonoTime now, std::uint64_t fingerprint);

  struct Failed {
    PassBytes payload{};
    bool used = false;
  };
  SignatureEngine engine_;
  std::vector<PassKey> keys_;
  std::vector<Failed> failed_;                      ///< by fingerprint, the newest wins
  std::vector<std::uint64_t> deferred_;             ///< fingerprints of payloads put off, by fingerprint
  std::array<MonoTime, kPerSecond> verified_at_{};  ///< ring of the last verifications
  std::size_t verified_count_ = 0;
};

}  // namespace exitgate::beacon
