// What is written anew after a database was replaced or transactions were dropped, and the bounds of what is kept.
#include "core/state_rewrite.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "lane_world.hpp"

namespace exitgate {
namespace {

using namespace test;

Uuid id(std::uint32_t n) {
  Uuid made;
  made.bytes[0] = static_cast<std::uint8_t>(n);
  made.bytes[1] = static_cast<std::uint8_t>(n >> 8);
  made.bytes[2] = static_cast<std::uint8_t>(n >> 16);
  return made;
}

Now at(std::chrono::seconds seconds) {
  const auto wall = wall_from_ms(1'800'000'000'000) + seconds;
  return {.mono = MonoTime{seconds}, .wall = wall, .judging = wall};
}

template <class Write>
std::size_t count(const std::vector<StoreWrite>& writes) {
  return static_cast<std::size_t>(std::count_if(
      writes.begin(), writes.end(), [](const StoreWrite& write) { return std::holds_alternative<Write>(write); }));
}

class Numbers final : public IdSource {
 public:
  Uuid next(WallTime) override { return id(++last_); }

 private:
  std::uint32_t last_ = 0;
};

Closure closure(std::uint32_t n, const Now& now) {
  Closure made;
  made.cart_id = n;
  made.session_id = id(n);
  made.closed_at = now.wall;
  made.expires_at = now.wall + std::chrono::hours{1};
  return made;
}

}  // namespace

TEST_CASE("all that is known is written anew in pieces, the cursor cleared first and written last") {
  SessionBook book;
  SessionBook::Writes ignored;
  Numbers ids;
  const auto now = at(std::chrono::seconds{10});
  for (std::uint32_t n = 1; n <= 1200; ++n) {
    book.on_closed(closure(n, now), now, ignored);
    (void)book.entry_for({.session_id = id(n), .cart_id = {}, .session_tag = {}}, 1, now.wall, ids, now);
  }
  for (std::uint32_t n = 1; n <= 7; ++n) {
    book.on_claimed({.session_id = id(5000 + n), .gate_id = ShortId::of("back")}, ShortId::of("front"), now, ignored);
    Revocation revocation;
    revocation.session_id = id(6000 + n);
    book.on_revoked(revocation, now, ignored);
  }
  StateRewrite rewrite;
  CHECK_FALSE(rewrite.running());
  rewrite.begin();
  std::vector<StoreWrite> all;
  int pieces = 0;
  while (rewrite.running()) {
    const auto piece = rewrite.next(book, {LaneDurable{}}, "e99", {now.wall});
    CHECK(piece.size() <= StateRewrite::kRowsInAPiece + 2);
    all.insert(all.end(), piece.begin(), piece.end());
    REQUIRE(++pieces < 100);
  }
  CHECK(std::get<PutCursor>(all.front()).last_event_id.empty());
  CHECK(std::holds_alternative<DropAllSessions>(all[1]));
  CHECK(std::get<PutCursor>(all[all.size() - 2]).last_event_id == "e99");
  CHECK(count<PutLane>(all) == 1);
  CHECK(count<PutClosure>(all) == 1200);
  CHECK(count<PutLedger>(all) == 1200);
  CHECK(count<PutClaim>(all) == 7);
  CHECK(count<PutRevocation>(all) == 7);
}

TEST_CASE("claims and revocations are bounded: the oldest goes first, also from the disk") {
  SessionBook book;
  for (std::uint32_t n = 0; n <= SessionBook::kMaxClaims; ++n) {
    SessionBook::Writes writes;
    const auto now = at(std::chrono::seconds{10 + n / 1000});
    book.on_claimed({.session_id = id(n), .gate_id = ShortId::of("back")}, ShortId::of("front"), now, writes);
    Revocation revocation;
    revocation.session_id = id(n);
    book.on_revoked(revocation, now, writes);
    const bool over = n == SessionBook::kMaxClaims;
    REQUIRE(writes.size() == (over ? 4U : 2U));
    if (!over) continue;
    CHECK(std::get<DropClaim>(writes[1]).session_id == id(0));
    CHECK(std::get<PutRevocation>(writes[3]).revocation.session_id == id(0));
    CHECK(std::get<PutRevocation>(writes[3]).kept_until < now.judging);
  }
  CHECK(book.claims() == SessionBook::kMaxClaims);
  CHECK(book.revocations() == SessionBook::kMaxRevocations);
  const auto now = at(std::chrono::seconds{200});
  CHECK_FALSE(book.claimed_elsewhere(id(0), now));
  CHECK(book.claimed_elsewhere(id(1), now));
  CHECK_FALSE(book.revoked({.session_id = id(0), .cart_id = {}, .session_tag = {}}, now));
  CHECK(book.revoked({.session_id = id(1), .cart_id = {}, .session_tag = {}}, now));
}

TEST_CASE("a database replaced while running gets the ledger, the closures and the open receipts again") {
  LaneWorld world;
  world.run(std::chrono::seconds{5});
  Closure pushed;
  pushed.cart_id = 7;
  pushed.session_id = id(77);
  pushed.closed_at = world.now().wall;
  pushed.expires_at = world.now().wall + std::chrono::hours{1};
  world.push(pushed);
  world.step(StorageState{.full = false, .begun_anew = true});
  world.persisted.clear();
  world.step(StorageState{.full = false, .begun_anew = true});
  world.run(std::chrono::seconds{1});
  std::vector<StoreWrite> all;
  for (const auto& writes : world.persisted) all.insert(all.end(), writes.begin(), writes.end());
  CHECK(count<DropAllSessions>(all) == 1);
  CHECK(count<PutLane>(all) == 1);
  CHECK(count<PutClosure>(all) == 1);
  CHECK(count<PutCursor>(all) == 2);
  CHECK(world.controller->gate().persists.kept() == 0);
}

}  // namespace exitgate
