// What carts, and those who imitate them, put on the air: presence frames and exit passes as bytes, by the beacon
// contract. Ownership: owns the store's keys. Thread: one.
#pragma once

#include <map>
#include <vector>

#include "beacon/crypto.hpp"
#include "tools/sim/store_model.hpp"

namespace exitgate::sim {

/// What is wrong with a frame; none of these may open anything.
enum class Sham : std::uint8_t {
  kNone,
  kForged,    ///< another key
  kForeign,   ///< another store's
  kStale,     ///< recorded minutes ago
  kReplayed,  ///< recorded seconds ago, after the cart was heard with a newer one
};
inline constexpr int kShams = 4;

class Transmitters {
 public:
  explicit Transmitters(std::uint64_t seed);

  [[nodiscard]] const beacon::Key& store_key() const { return store_key_; }
  /// The keys that passes are signed with, as the backend gives them out.
  [[nodiscard]] const std::vector<PassKey>& pass_keys() const { return public_keys_; }
  /// From now on passes are signed with a new key.
  void rotate_pass_key();

  /// Advertising data of a cart with this session.
  [[nodiscard]] Bytes presence(const Session& session, beacon::CartState state, WallTime sent, Sham sham);
  /// The pass the backend signed when the session was paid; `forged`: by somebody else.
  [[nodiscard]] Bytes pass(const Session& session, bool forged);

 private:
  [[nodiscard]] const beacon::Key& cart_key(CartId cart);

  beacon::Key store_key_;
  beacon::MacEngine macs_;
  beacon::MacEngine foreign_;  ///< the same key at another store: only the store's name differs
  std::map<CartId, beacon::Key> cart_keys_;
  std::vector<beacon::Key> private_keys_;
  std::vector<PassKey> public_keys_;
  std::map<Uuid, Bytes> passes_;
};

}  // namespace exitgate::sim
