// The exits that count for the offline policy's hour, as they come back at a start.
#include "receipts/outbox.hpp"

#include <catch2/catch_test_macros.hpp>

#include "receipt_samples.hpp"

namespace exitgate {
namespace {

using namespace test;

void exit(Outbox& outbox, std::uint32_t n, WallTime at, bool synchronised) {
  auto receipt = sealed_receipt(n);
  receipt.basis = Basis::kOfflinePolicy;
  receipt.authorised_at = receipt.ended_at.emplace(at);
  receipt.clock_synchronised = synchronised;
  require_good(outbox.apply({PutSealedReceipt{receipt}}));
}

}  // namespace

TEST_CASE("exits by offline policy in the last hour come back with the state, those not used do not") {
  auto outbox = open_outbox(options_for(":memory:"));
  for (const auto n : {10U, 20U, 30U}) {
    auto receipt = sealed_receipt(n);
    receipt.basis = Basis::kOfflinePolicy;
    receipt.total = Money{n, {'U', 'S', 'D'}};
    if (n == 20) receipt.outcome = Outcome::kNotUsed;
    require_good(outbox.apply({PutSealedReceipt{receipt}}));
  }
  auto open = open_receipt(40);
  open.basis = Basis::kOfflinePolicy;
  require_good(outbox.apply({PutOpenReceipt{open}, PutSealedReceipt{sealed_receipt(50)}}));
  const auto exits = outbox.load(kStart + std::chrono::seconds{3620})->state.offline_exits;
  REQUIRE(exits.size() == 2);
  CHECK(exits[0].total == Money{30, {'U', 'S', 'D'}});
  CHECK(exits[1].authorised_at == open.authorised_at);
}

TEST_CASE(
    "exits by offline policy stamped by a clock at 1970 come back, beside those of the right clock before it (seed "
    "15)") {
  auto outbox = open_outbox(options_for(":memory:"));
  const auto boot = wall_from_ms(0);
  using std::chrono::minutes;
  exit(outbox, 1, kStart, true);
  for (const int at : {320, 390, 450, 495, 540})
    exit(outbox, static_cast<std::uint32_t>(at), boot + minutes{at}, false);
  exit(outbox, 2, boot + minutes{2}, false);  // started again, at 1970 again
  // 450 and before lie more than an hour before the newest of their start.
  const auto exits = outbox.load(kStart + minutes{10})->state.offline_exits;
  REQUIRE(exits.size() == 3);
  CHECK(exits[0].authorised_at == boot + minutes{2});
  CHECK(exits[1].authorised_at == boot + minutes{495});
  CHECK(exits[2].authorised_at == boot + minutes{540});
  CHECK_FALSE(exits[0].clock_synchronised);
}

TEST_CASE("exits by offline policy stamped by clocks that were set come back all (seed 85)") {
  auto outbox = open_outbox(options_for(":memory:"));
  exit(outbox, 1, kStart, true);
  exit(outbox, 2, wall_from_ms(216'000'000'000), false);
  exit(outbox, 3, kStart - std::chrono::hours{24}, false);
  exit(outbox, 4, wall_from_ms(6'900'000'000), false);
  exit(outbox, 5, kStart + std::chrono::minutes{5}, true);
  CHECK(outbox.load(kStart + std::chrono::minutes{10})->state.offline_exits.size() == 5);
}

TEST_CASE("exits of lanes that seal in another order than they admit tell of no more time than has passed") {
  auto outbox = open_outbox(options_for(":memory:"));
  const auto boot = wall_from_ms(0);
  using std::chrono::minutes;
  // Forty minutes by the clock; from one to the next as they were sealed it is ninety.
  std::uint32_t n = 0;
  for (const int at : {10, 0, 20, 10, 30, 20, 40, 30, 50, 40}) exit(outbox, ++n, boot + minutes{at}, false);
  CHECK(outbox.load(kStart)->state.offline_exits.size() == 10);
}

TEST_CASE("an exit by offline policy during which the clock was set back hides none before it (seed 85)") {
  auto outbox = open_outbox(options_for(":memory:"));
  exit(outbox, 1, kStart, true);
  auto set_back = sealed_receipt(2);
  set_back.authorised_at = kStart + std::chrono::minutes{1};
  set_back.ended_at = wall_from_ms(216'000'000'000);
  require_good(outbox.apply({PutSealedReceipt{set_back}}));
  CHECK(outbox.load(kStart + std::chrono::minutes{10})->state.offline_exits.size() == 1);
}

}  // namespace exitgate
