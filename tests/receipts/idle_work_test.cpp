// The worker's own work: when the log is moved into the database, when the reserve file is tried again.
#include "receipts/idle_work.hpp"

#include <catch2/catch_test_macros.hpp>

namespace exitgate {
namespace {

constexpr MonoTime kStart{std::chrono::seconds{100}};
constexpr Duration kRetry = std::chrono::seconds{10};

}  // namespace

TEST_CASE("a database at rest is not looked at") {
  IdleWork work(kRetry);
  CHECK(work.look_at({.wal_pages = 499, .storage_low = false}, kStart, kStart) == kNever);
  const auto due = work.when_idle({.wal_pages = 499, .storage_low = false}, kStart, kStart + std::chrono::hours{1});
  CHECK_FALSE(due.checkpoint);
  CHECK_FALSE(due.reserve);
}

TEST_CASE("a log that has grown is moved when nobody has waited for 200 ms") {
  IdleWork work(kRetry);
  const IdleWork::State grown{.wal_pages = 500, .storage_low = false};
  CHECK(work.look_at(grown, kStart, kStart) == kStart + milliseconds{200});
  CHECK_FALSE(work.when_idle(grown, kStart, kStart + milliseconds{199}).checkpoint);
  CHECK(work.when_idle(grown, kStart, kStart + milliseconds{200}).checkpoint);
  CHECK_FALSE(work.after_work(grown, kStart + std::chrono::seconds{1}).checkpoint);
}

TEST_CASE("a log that has grown too far is moved though others wait") {
  IdleWork work(kRetry);
  CHECK(work.after_work({.wal_pages = 8000, .storage_low = false}, kStart).checkpoint);
}

TEST_CASE("a reserve file that was given up is tried again by the clock, also between others' work") {
  IdleWork work(kRetry);
  const IdleWork::State low{.wal_pages = 0, .storage_low = true};
  CHECK(work.look_at(low, kStart, kStart) == kStart + kRetry);
  CHECK_FALSE(work.after_work(low, kStart + std::chrono::seconds{9}).reserve);
  CHECK(work.after_work(low, kStart + kRetry).reserve);
  CHECK_FALSE(work.when_idle(low, kStart, kStart + kRetry).reserve);
  CHECK(work.when_idle(low, kStart, kStart + 2 * kRetry).reserve);
  // It is back: the next time counts anew.
  CHECK(work.look_at({}, kStart, kStart + 3 * kRetry) == kNever);
  CHECK(work.look_at(low, kStart, kStart + 5 * kRetry) == kStart + 6 * kRetry);
}

}  // namespace exitgate
