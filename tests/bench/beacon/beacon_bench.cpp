// What an advert costs, by what it turns out to be. A busy exit hears some thousands a second.
#include <benchmark/benchmark.h>

#include <vector>

#include "beacon/verifier.hpp"

namespace exitgate::beacon {
namespace {

constexpr std::int64_t kNowUnixS = 1793000000;
constexpr CartId kCarts = 200;

struct Listening {
  Listening() : verifier({.store_id = "SEA-042", .store_keys = {Key{1}, Key{2}}}) {
    const WallTime wall = wall_from_s(kNowUnixS);
    clock = {.now = wall, .judging = wall, .synchronised = true, .wrong = false, .floor = wall};
  }
  static Bytes frame(CartId cart_id, std::int64_t sent_unix_s, const Key& store_key) {
    const Presence presence{.state = CartState::kClosed,
                            .cart_id = cart_id,
                            .session_tag = {{1, 2, 3}},
                            .time24 = static_cast<std::uint32_t>(sent_unix_s & 0xFFFFFF),
                            .tx_dbm = -59};
    return wrap_manufacturer_data(kTestCompanyId,
                                  encode_presence(presence, "SEA-042", derive_cart_key(store_key, cart_id)));
  }
  Heard hear(const Bytes& data) {
    now += Duration{300};
    return verifier.hear({.at = now, .receiver = 0, .address = {1}, .rssi_dbm = -60, .data = data}, clock);
  }

  BeaconVerifier verifier;
  ClockView clock;
  MonoTime now{};
};

std::vector<Bytes> frames_of_carts(int versions_each, const Key& store_key) {
  std::vector<Bytes> frames;
  for (int version = 0; version < versions_each; ++version) {
    for (CartId cart = 0; cart < kCarts; ++cart) {
      frames.push_back(Listening::frame(cart, kNowUnixS + version % 3, store_key));
    }
  }
  return frames;
}

void run(benchmark::State& state, const std::vector<Bytes>& frames) {
  Listening gate;
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(gate.hear(frames[next]));
    next = next + 1 == frames.size() ? 0 : next + 1;
    if (gate.verifier.has_notices()) benchmark::DoNotOptimize(gate.verifier.take_notices());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void accepted_repeat(benchmark::State& state) { run(state, frames_of_carts(1, Key{1})); }
/// Three times a cart and two remembered: each frame is new when it comes round again.
void accepted_new(benchmark::State& state) { run(state, frames_of_carts(3, Key{1})); }
void accepted_new_by_second_key(benchmark::State& state) { run(state, frames_of_carts(3, Key{2})); }
void forged(benchmark::State& state) { run(state, frames_of_carts(1, Key{3})); }
void foreign(benchmark::State& state) {
  run(state, {{2, 1, 6, 5, 0xFF, 0x4C, 0, 2, 0x15, 11, 9, 'h', 'e', 'a', 'd', 'p', 'h', 'o', 'n', 'e', 's'}});
}

BENCHMARK(accepted_repeat);
BENCHMARK(accepted_new);
BENCHMARK(accepted_new_by_second_key);
BENCHMARK(forged);
BENCHMARK(foreign);

}  // namespace
}  // namespace exitgate::beacon
