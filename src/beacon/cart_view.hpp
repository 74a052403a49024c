// The carts heard lately: per cart its keys, the frames already proven, the sessions it named and its proven passes, so
// that a repeated frame costs a comparison. Only authentic frames put a cart into view: a flood of forgeries displaces
// nobody. Bounds: kMaxCartsInView; the least recently heard is dropped. No allocation but for a cart new in view.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <unordered_map>

#include "base/mono_time.hpp"
#include "beacon/crypto.hpp"

namespace exitgate::beacon {

inline constexpr std::size_t kMaxCartsInView = 1000;
/// A pass counts only with a presence of its cart and tag accepted this lately.
inline constexpr Duration kPresenceForPass = milliseconds{10000};

struct ProvenPass {
  PassBytes payload{};
  bool used = false;  ///< this place holds one
  bool told = false;
  MonoTime heard_at{};
};

struct CartInView {
  CartId cart_id = 0;
  std::array<std::optional<Key>, 2> keys;  ///< by store key, derived when first needed

  [[nodiscard]] bool has_proven(std::span<const std::uint8_t, kPresenceSize> frame) const;
  void remember_proven(std::span<const std::uint8_t, kPresenceSize> frame);
  void remember_tag(MonoTime now, const SessionTag& tag);
  [[nodiscard]] bool named_lately(MonoTime now, const SessionTag& tag) const;
  [[nodiscard]] ProvenPass* find_pass(std::span<const std::uint8_t, kPassSize> payload);
  ProvenPass& remember_pass(std::span<const std::uint8_t, kPassSize> payload);
  /// Passes whose key is no longer the same are proven anew.
  void forget_passes() { passes_ = {}; }
  void forget_keys();

 private:
  struct NamedTag {
    SessionTag tag;
    std::optional<MonoTime> at;
  };
  // Two of each: around a change of second, state or session old and new are heard alternately.
  std::array<PresenceBytes, 2> proven_{};
  std::array<NamedTag, 2> tags_{};
  std::array<ProvenPass, 2> passes_{};
  std::uint8_t proven_count_ = 0;
  std::uint8_t next_proven_ = 0;
  std::uint8_t next_pass_ = 0;
};

class CartsInView {
 public:
  [[nodiscard]] CartInView* find(CartId cart_id);
  /// Marks the cart as heard just now, taking it into view if it is new.
  CartInView& touch(CartId cart_id);
  [[nodiscard]] std::size_t size() const { return by_id_.size(); }
  template <class F>
  void for_each(F&& f) {
    for (auto& cart : recent_first_) f(cart);
  }

 private:
  std::list<CartInView> recent_first_;
  std::unordered_map<CartId, std::list<CartInView>::iterator> by_id_;
};

}  // namespace exitgate::beacon
