#include "trace/recorder.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "trace/dump.hpp"
#include "trace/kinds.hpp"
#include "trace/replay.hpp"

namespace exitgate::trace {
namespace {

class CountingIds final : public IdSource {
 public:
  Uuid next(WallTime at) override {
    std::array<std::uint8_t, 10> random{};
    random[9] = static_cast<std::uint8_t>(++count_);
    random[8] = static_cast<std::uint8_t>(count_ >> 8U);
    return make_uuid_v7(at, random);
  }

 private:
  unsigned count_ = 0;
};

std::shared_ptr<const GateConfig> one_lane() {
  auto config = std::make_shared<GateConfig>();
  config->store_id = ShortId::of("SEA-042");
  config->gate_id = ShortId::of("front");
  config->devices.push_back({ShortId::of("io1"), DeviceKind::kDigital});
  LaneConfig lane;
  lane.id = ShortId::of("1");
  lane.mode = LaneMode::kWalkout;
  lane.timing = LaneTiming::defaults(false);
  lane.input(InputRole::kApproach) = InputBinding{.point = 0, .device = 0};
  lane.input(InputRole::kSafety) = InputBinding{.point = 1, .device = 0};
  lane.input(InputRole::kExit) = InputBinding{.point = 2, .device = 0};
  lane.output(OutputRole::kBarrier) = OutputBinding{.point = 10, .device = 0};
  config->lanes.push_back(lane);
  return config;
}

/// A controller whose device is polled every 20 ms, and its recorder.
struct Recorded {
  explicit Recorded(Bounds bounds) : recorder(ids, bounds), controller(one_lane(), {}, Uuid{}, recorder, now()) {
    step(DeviceUp{0});
    step(OutputsRead{0, {{10, true, mono}}});
    step(InputsPolled{0, {{0, false, mono}, {1, false, mono}, {2, false, mono}}});
  }
  [[nodiscard]] Now now() const {
    const auto wall = wall_from_ms(1793000000000 + to_ms(mono.time_since_epoch()));
    return {.mono = mono, .wall = wall, .judging = wall, .synchronised = true, .boot_ms = 0};
  }
  void step(const Event& event) {
    recorder.begin(controller, event, now());
    recorder.end(controller.step(event, now()));
    mono += milliseconds{20};
  }
  void poll(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) step(InputsPolled{0, {}});
  }
  [[nodiscard]] std::string dump() const {
    std::string text;
    CHECK(write_dump({recorder.recording()}, {"test", "SEA-042", "front", now().wall}, [&](std::string_view line) {
      text += line;
      return true;
    }));
    return text;
  }

  CountingIds ids;
  MonoTime mono{std::chrono::seconds{100}};
  Recorder recorder;
  Controller controller;
};

Result<Replayed> replayed(const std::string& dump) {
  std::istringstream in(dump);
  return replay(in);
}

StaffCommand open_by_kim() {
  return {.request = 1,
          .lane = ShortId::of("1"),
          .verb = StaffVerb::kOpen,
          .by = "Kim Müller",
          .reason = "broken cart",
          .mode = {},
          .user = "uid:0"};
}

/// Whether visit_state() of T names every member: they lie side by side but for what alignment asks.
template <class T>
void names_every_member(const T& value);

template <class T>
void look_into(const T& member) {
  if constexpr (Stateful<T>) {
    names_every_member(member);
  } else if constexpr (kIs<T, std::vector>) {
    if constexpr (Stateful<typename T::value_type>) {
      REQUIRE_FALSE(member.empty());
      names_every_member(member.front());
    }
  }
}

template <class T>
void names_every_member(const T& value) {
  struct Place {
    std::uintptr_t at;
    std::size_t size, alignment;
  };
  std::vector<Place> places;
  const auto round_up = [](std::uintptr_t at, std::size_t alignment) {
    return (at + alignment - 1) / alignment * alignment;
  };
  T::visit_state(value, [&]<class... Members>(const Members&... members) {
    (places.push_back({reinterpret_cast<std::uintptr_t>(&members), sizeof(Members), alignof(Members)}), ...);
    (look_into(members), ...);
  });
  INFO(type_name<T>());
  std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  auto end = reinterpret_cast<std::uintptr_t>(&value);
  for (std::size_t i = 0; i < places.size(); ++i) {
    INFO("member " << i);
    CHECK(places[i].at == round_up(end, places[i].alignment));
    end = places[i].at + places[i].size;
  }
  CHECK(reinterpret_cast<std::uintptr_t>(&value) + sizeof(T) == round_up(end, alignof(T)));
}

}  // namespace

TEST_CASE("a start holds every member of the controller and of what it is made of") {
  Recorded run({});
  names_every_member(run.controller);
}

TEST_CASE("a trace that was kept whole replays alike, identifiers and texts included") {
  Recorded run({});
  run.poll(100);
  run.step(open_by_kim());
  run.poll(500);
  const auto outcome = replayed(run.dump());
  REQUIRE(outcome);
  CHECK_FALSE(outcome->difference);
  CHECK(outcome->steps == 604);
  CHECK(outcome->starts == 1);
  CHECK(run.dump().find(R"("hex":"4b696d204dc3bc6c6c6572")") != std::string::npos);
}

TEST_CASE("of a long run at most the bound is kept, at least a quarter of it, and it replays alike from within") {
  Recorded run({.steps = 2000, .bytes = std::size_t{16} << 20U});
  std::size_t least = 2000;
  for (int round = 0; round < 60; ++round) {
    run.poll(130);
    if (round % 7 == 3) run.step(open_by_kim());
    CHECK(run.recorder.steps() <= 2000);
    CHECK(steps_of(run.recorder.recording()) == run.recorder.steps());
    if (round > 20) least = std::min(least, run.recorder.steps());
    if (round % 10 == 9) {
      const auto outcome = replayed(run.dump());
      REQUIRE(outcome);
      CHECK_FALSE(outcome->difference);
      CHECK(outcome->steps == run.recorder.steps());
    }
  }
  CHECK(least >= 500);
}

TEST_CASE("the bound of bytes holds like that of steps") {
  Recorded run({.steps = 1000000, .bytes = 400000});
  for (int i = 0; i < 200; ++i) {
    run.step(DeviceDown{0, std::string(3000, 'x')});
    run.step(DeviceUp{0});
    CHECK(run.recorder.bytes() <= 400000 + 4000);
  }
  CHECK(run.recorder.steps() > 40);
  CHECK(run.recorder.steps() < 250);
  const auto outcome = replayed(run.dump());
  REQUIRE(outcome);
  CHECK_FALSE(outcome->difference);
}

TEST_CASE("while a lane waits to take a new store file the trace goes on, and begins anew when the bound is reached") {
  Recorded run({.steps = 1000, .bytes = std::size_t{16} << 20U});
  run.poll(50);
  run.step(InputsPolled{0, {{1, true, run.mono}}});  // somebody is inside: nothing is taken over
  run.step(Reconfigure{*one_lane()});
  run.poll(400);
  REQUIRE(run.controller.pending_lanes() == 1);
  CHECK(run.recorder.steps() == 455);
  run.poll(700);
  CHECK(run.recorder.steps() == 0);
  CHECK(run.recorder.recording().empty());
  run.step(InputsPolled{0, {{1, false, run.mono}}});
  run.poll(600);
  REQUIRE(run.controller.pending_lanes() == 0);
  CHECK(run.recorder.steps() > 100);
  const auto outcome = replayed(run.dump());
  REQUIRE(outcome);
  CHECK_FALSE(outcome->difference);
}

TEST_CASE("a recording stays as it was taken while the run goes on") {
  Recorded run({.steps = 600, .bytes = std::size_t{16} << 20U});
  run.poll(100);
  const auto taken = run.recorder.recording();
  run.poll(2000);
  CHECK(steps_of(taken) == 103);
  CHECK(taken.front()->start->lanes().size() == 1);
}

TEST_CASE("the first step that differs is told with both sides") {
  Recorded run({});
  run.poll(100);
  run.step(open_by_kim());
  run.poll(100);
  auto dump = run.dump();
  const auto at = dump.find(R"(["WriteOutput",[10,false]])");
  REQUIRE(at != std::string::npos);
  dump.replace(at, 26, R"(["WriteOutput",[10,true]])");
  const auto outcome = replayed(dump);
  REQUIRE(outcome);
  REQUIRE(outcome->difference);
  CHECK(outcome->difference->recorded == R"(["WriteOutput",[10,true]])");
  CHECK(outcome->difference->replayed == R"(["WriteOutput",[10,false]])");
  CHECK(outcome->difference->step == outcome->steps);
  CHECK(outcome->difference->step > 103);
}

TEST_CASE("a trace that is cut off, of another version or with a step missing is told as such") {
  Recorded run({});
  run.poll(10);
  const auto dump = run.dump();
  CHECK(replayed(dump.substr(0, dump.size() - 12)).error().code == "trace_cut");
  CHECK(replayed(dump.substr(0, dump.size() - 40)).error().code == "trace_cut");
  CHECK(replayed("{}\n").error().message == "line 1: it does not begin like a trace of exitgate");
  auto newer = dump;
  newer.replace(newer.find(R"("version":1)"), 11, R"("version":2)");
  CHECK(replayed(newer).error().message == "line 1: it is of version 2, this program reads 1");
  auto holed = dump;
  const auto line = holed.find("{\"step\":5,");
  holed.erase(line, holed.find('\n', line) + 1 - line);
  CHECK(replayed(holed).error().message == "line 7: a step is missing");
}

TEST_CASE("what would compare nothing, or not all of the text, is no trace that replays alike") {
  Recorded run({});
  run.poll(10);
  const auto dump = run.dump();
  const auto head = dump.substr(0, dump.find('\n') + 1);
  const auto said = [](const std::string& text) { return replayed(text).error().message; };
  REQUIRE(replayed(dump));
  REQUIRE(replayed(dump.substr(0, dump.size() - 1)));
  CHECK(said("") == "it is empty: expected a trace of exitgate or exitgate-sim");
  CHECK(said(head + "{\"end\":0}\n") ==
        "line 2: it ends without a step: nothing was recorded, so there is nothing to replay");
  CHECK(said(dump + dump) == "line 17: another trace begins behind the end: replay each from a file of its own");
  for (const char* more : {"\n", "junk", "{\"end\":13}\n"}) {
    CHECK(said(dump + more) ==
          "line 17: the trace has ended in the line before, but the text goes on: take the file as it was written");
  }
}

}  // namespace exitgate::trace
