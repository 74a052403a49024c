// What recording costs: the same steps of a box of 32 lanes without and with a recorder, and the copy a start is.
#include <benchmark/benchmark.h>

#include "trace/recorder.hpp"

namespace exitgate::trace {
namespace {

class CountingIds final : public IdSource {
 public:
  Uuid next(WallTime at) override {
    std::array<std::uint8_t, 10> random{};
    for (std::size_t i = 0; i < 8; ++i) random[i] = static_cast<std::uint8_t>(++count_ >> (8 * i));
    return make_uuid_v7(at, random);
  }

 private:
  std::uint64_t count_ = 0;
};

std::shared_ptr<const GateConfig> store_of(std::size_t lanes) {
  auto config = std::make_shared<GateConfig>();
  config->store_id = ShortId::of("SEA-042");
  config->gate_id = ShortId::of("front");
  config->devices.push_back({ShortId::of("io1"), DeviceKind::kDigital});
  for (std::size_t i = 0; i < lanes; ++i) {
    config->devices.push_back({ShortId::of("rx" + std::to_string(i)), DeviceKind::kReceiver});
    const auto first = static_cast<PointId>(i * 20);
    LaneConfig lane;
    lane.id = ShortId::of(std::to_string(i + 1));
    lane.timing = LaneTiming::defaults(false);
    lane.receiver = static_cast<DeviceId>(i + 1);
    lane.input(InputRole::kApproach) = InputBinding{.point = first, .device = 0};
    lane.input(InputRole::kSafety) = InputBinding{.point = static_cast<PointId>(first + 1), .device = 0};
    lane.input(InputRole::kExit) = InputBinding{.point = static_cast<PointId>(first + 2), .device = 0};
    lane.output(OutputRole::kBarrier) = OutputBinding{.point = static_cast<PointId>(first + 10), .device = 0};
    lane.output(OutputRole::kSignalGreen) = OutputBinding{.point = static_cast<PointId>(first + 11), .device = 0};
    config->lanes.push_back(lane);
  }
  return config;
}

LoadedState with_closures(std::size_t count) {
  LoadedState loaded;
  for (std::size_t i = 0; i < count; ++i) {
    Closure closure;
    closure.cart_id = static_cast<CartId>(i);
    for (std::size_t b = 0; b < 6; ++b) closure.session_tag.bytes[b] = static_cast<std::uint8_t>((i + 1) >> (8 * b));
    for (std::size_t b = 0; b < 8; ++b) closure.session_id.bytes[b] = static_cast<std::uint8_t>((i + 1) >> (8 * b));
    closure.expires_at = wall_from_ms(1893000000000);
    loaded.closures.push_back(closure);
  }
  return loaded;
}

/// One second of a box in turns of 20 ms: a poll, and a beacon of every lane every 100 ms.
void run(benchmark::State& state, bool recorded) {
  CountingIds ids;
  Recorder recorder(ids);
  MonoTime mono{std::chrono::seconds{100}};
  const auto now = [&] {
    const auto wall = wall_from_ms(1793000000000 + to_ms(mono.time_since_epoch()));
    return Now{.mono = mono, .wall = wall, .judging = wall, .synchronised = true, .boot_ms = 0};
  };
  const std::size_t lanes = 32;
  Controller controller(store_of(lanes), with_closures(1000), Uuid{}, recorder, now());
  std::int64_t steps = 0;
  const auto step = [&](const Event& event) {
    ++steps;
    if (recorded) recorder.begin(controller, event, now());
    const auto& commands = controller.step(event, now());
    if (recorded) recorder.end(commands);
  };
  for (std::size_t i = 0; i <= lanes; ++i) step(DeviceUp{static_cast<DeviceId>(i)});
  std::vector<PointLevel> levels, outputs;
  for (std::size_t i = 0; i < lanes; ++i) {
    for (std::size_t p = 0; p < 3; ++p) levels.push_back({static_cast<PointId>(i * 20 + p), false, mono});
    outputs.push_back({static_cast<PointId>(i * 20 + 10), true, mono});
  }
  step(OutputsRead{0, outputs});
  step(InputsPolled{0, levels});
  for (auto _ : state) {
    for (int turn = 0; turn < 50; ++turn) {
      mono += milliseconds{20};
      step(InputsPolled{0, {}});
      if (turn % 5 != 0) continue;
      for (std::size_t i = 0; i < lanes; ++i) {
        step(BeaconHeard{.receiver = static_cast<DeviceId>(i + 1),
                         .cart_id = static_cast<CartId>(i),
                         .state = BeaconState::kShopping,
                         .session_tag = {},
                         .rssi_dbm = -70,
                         .tx_dbm = -59});
      }
    }
  }
  state.counters["per_step"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["kept"] = static_cast<double>(recorder.steps());
}

void steps_alone(benchmark::State& state) { run(state, false); }
void steps_recorded(benchmark::State& state) { run(state, true); }
BENCHMARK(steps_alone)->Unit(benchmark::kMillisecond)->MinTime(3);
BENCHMARK(steps_recorded)->Unit(benchmark::kMillisecond)->MinTime(3);

void start_taken(benchmark::State& state) {
  CountingIds ids;
  const Now now{.mono = MonoTime{std::chrono::seconds{100}}, .wall = wall_from_ms(1793000000000)};
  const Controller controller(store_of(32), with_closures(static_cast<std::size_t>(state.range(0))), Uuid{}, ids, now);
  for (auto _ : state) benchmark::DoNotOptimize(std::make_shared<const Controller>(controller));
}
BENCHMARK(start_taken)->Arg(0)->Arg(1000)->Arg(100000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace exitgate::trace
