// Keys, MACs and signatures of the beacon contract: HKDF-SHA-256, HMAC-SHA-256 and Ed25519 over the frames' bytes.
// Ownership: the classes own their OpenSSL contexts. Thread: one object, one thread. Errors: none from input; OpenSSL
// failing on valid arguments (memory) aborts. Timing: a MAC about 1 µs, a signature check about 100 µs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "beacon/frames.hpp"
#include "core/backend_messages.hpp"

namespace exitgate::beacon {

using Key = std::array<std::uint8_t, 32>;
using Mac = std::array<std::uint8_t, 8>;

/// HKDF-SHA-256(ikm = store key, salt = "exitgate-beacon-v1", info = cart id, length 32).
[[nodiscard]] Key derive_cart_key(const Key& store_key, CartId cart_id);

/// A presence frame as a cart of that store sends it.
[[nodiscard]] PresenceBytes encode_presence(const Presence& presence, std::string_view store_id, const Key& cart_key);

/// A pass as the backend signs it; `private_key` is the Ed25519 seed (RFC 8032).
[[nodiscard]] PassBytes sign_pass(const Pass& pass, std::string_view store_id, const Key& private_key);
[[nodiscard]] Key derive_public_key(const Key& private_key);

/// Takes MACs for one store. Keeps keyed contexts, so that deriving and checking allocate nothing.
class MacEngine {
 public:
  MacEngine(std::string_view store_id, std::span<const Key> store_keys);
  ~MacEngine();
  MacEngine(MacEngine&&) noexcept;
  MacEngine& operator=(MacEngine&&) noexcept;

  [[nodiscard]] std::size_t store_key_count() const;
  [[nodiscard]] Key cart_key(std::size_t store_key, CartId cart_id);
  [[nodiscard]] Mac mac(const Key& cart_key, std::span<const std::uint8_t, kPresenceSignedSize> head);
  /// In time that does not depend on where they differ.
  [[nodiscard]] bool fits(const Key& cart_key, std::span<const std::uint8_t, kPresenceSize> frame);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

/// Verifies pass signatures of one store against the backend's keys.
class SignatureEngine {
 public:
  explicit SignatureEngine(std::string_view store_id);
  ~SignatureEngine();
  SignatureEngine(SignatureEngine&&) noexcept;
  SignatureEngine& operator=(SignatureEngine&&) noexcept;

  [[nodiscard]] bool fits(const Key& public_key, std::span<const std::uint8_t, kPassSize> payload);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace exitgate::beacon
