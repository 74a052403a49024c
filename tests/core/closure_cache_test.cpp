#include "core/closure_cache.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate {
namespace {

constexpr WallTime kLate{std::chrono::hours{24}};
constexpr MonoTime kNow{std::chrono::hours{1}};

Closure closure(CartId cart, std::uint8_t session, WallTime expires_at = kLate) {
  Closure made;
  made.cart_id = cart;
  made.session_tag.bytes[0] = session;
  made.session_id.bytes[0] = session;
  made.expires_at = expires_at;
  return made;
}
CartTag key(const Closure& of) { return {of.cart_id, of.session_tag}; }

}  // namespace

TEST_CASE("closures: a session is found by its id, until its closure goes") {
  ClosureCache cache;
  cache.put(closure(7, 1), kNow);
  cache.put(closure(8, 2), kNow);
  CHECK(cache.of_session(closure(8, 2).session_id) == std::vector{key(closure(8, 2))});
  CHECK(cache.of_session(closure(9, 3).session_id).empty());
  CHECK(cache.erase(key(closure(8, 2))));
  CHECK_FALSE(cache.erase(key(closure(8, 2))));
  CHECK(cache.of_session(closure(8, 2).session_id).empty());
  CHECK(cache.find(key(closure(7, 1))) != nullptr);
}

TEST_CASE("closures: a session of two carts is found at both") {
  ClosureCache cache;
  auto second = closure(8, 1);
  second.session_tag.bytes[0] = 9;
  cache.put(closure(7, 1), kNow);
  cache.put(second, kNow);
  CHECK(cache.of_session(second.session_id) == std::vector{key(closure(7, 1)), key(second)});
  cache.erase(key(closure(7, 1)));
  CHECK(cache.of_session(second.session_id) == std::vector{key(second)});
}

TEST_CASE("closures: a newer one of the same cart and tag takes the place of the older, with its end") {
  ClosureCache cache;
  cache.put(closure(7, 1, kLate - std::chrono::hours{3}), kNow);
  cache.put(closure(8, 2, kLate - std::chrono::hours{1}), kNow);
  cache.put(closure(7, 1, kLate), kNow + std::chrono::seconds{1});
  CHECK(cache.size() == 2);
  CHECK(cache.find(key(closure(7, 1)))->arrived == kNow + std::chrono::seconds{1});
  CHECK(cache.soonest()->closure.cart_id == 8);
}

TEST_CASE("closures: of those that end in the same second each goes by itself") {
  ClosureCache cache;
  for (CartId cart = 1; cart <= 5; ++cart) cache.put(closure(cart, static_cast<std::uint8_t>(cart)), kNow);
  cache.erase(key(closure(3, 3)));
  std::vector<CartId> left;
  while (const auto* soonest = cache.soonest()) {
    left.push_back(soonest->closure.cart_id);
    cache.erase(key(soonest->closure));
  }
  CHECK(left == std::vector<CartId>{1, 2, 4, 5});
  CHECK(cache.size() == 0);
}

}  // namespace exitgate
