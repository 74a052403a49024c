// What the lamps and the buzzer say in every phase (lane contract §1).
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

struct Lamps {
  bool green = false;
  bool red = false;
  friend bool operator==(const Lamps&, const Lamps&) = default;
};

Lamps lamps_of(Phase phase) {
  switch (phase) {
    case Phase::kAdmitting:
    case Phase::kPassing:
    case Phase::kHeldOpen:
    case Phase::kReleased:
      return {.green = true};
    case Phase::kRefused:
    case Phase::kFaulted:
    case Phase::kOutOfService:
    case Phase::kRecovering:
    case Phase::kClosing:
      return {.red = true};
    case Phase::kIdle:
    case Phase::kPresent:
    case Phase::kDeciding:
    case Phase::kClearing:
      break;
  }
  return {};
}

/// A lane that is watched in every turn of ten milliseconds.
class Watched {
 public:
  void until(Phase phase, Duration limit = std::chrono::seconds{20}) {
    const auto end = world.now().mono + limit;
    while (world.phase() != phase) {
      REQUIRE(world.now().mono < end);
      turn();
    }
    turn();
  }
  void walk() {
    for (const auto& [point, blocked] :
         {std::pair{kSafety, true}, {kApproach, false}, {kExit, true}, {kSafety, false}, {kExit, false}}) {
      world.set(point, blocked);
      for (int i = 0; i < 25; ++i) turn();
    }
  }
  void turn() {
    world.run(milliseconds{10});
    const auto phase = world.phase();
    seen.insert(phase);
    INFO("in " << to_string(phase));
    const Lamps shown{world.coils[kGreen], world.coils[kRed]};
    CHECK(shown == lamps_of(phase));
  }

  LaneWorld world{{LaneOptions{.mode = LaneMode::kMixed}}};
  std::set<Phase> seen;
};

}  // namespace

TEST_CASE("in every phase the lamps show what the contract says, from the turn on in which it begins") {
  Watched lane;
  auto& world = lane.world;
  bool answers = false;
  world.backend = [&](const ConfirmRequest&) -> std::optional<ConfirmAnswer> {
    if (!answers) return std::nullopt;
    return admit_answer(1);
  };
  lane.until(Phase::kIdle);
  world.set(kApproach, true);
  lane.until(Phase::kPresent);
  lane.until(Phase::kDeciding);
  lane.until(Phase::kRefused);
  answers = true;
  lane.until(Phase::kPassing);
  lane.walk();
  lane.until(Phase::kClearing);
  lane.until(Phase::kClosing);
  lane.until(Phase::kIdle);
  REQUIRE(world.command(StaffVerb::kHoldOpen));
  lane.until(Phase::kHeldOpen);
  REQUIRE(world.command(StaffVerb::kReleaseHold));
  lane.until(Phase::kRecovering);
  lane.until(Phase::kIdle);
  REQUIRE(world.command(StaffVerb::kOutOfService));
  lane.until(Phase::kOutOfService);
  REQUIRE(world.command(StaffVerb::kInService));
  lane.until(Phase::kIdle);
  world.set(kFire, true);
  lane.until(Phase::kReleased);
  world.set(kFire, false);
  for (int i = 0; i < 10; ++i) lane.turn();
  REQUIRE(world.command(StaffVerb::kReset));
  lane.until(Phase::kIdle);
  world.barrier_jammed = true;
  REQUIRE(world.command(StaffVerb::kOpen));
  lane.until(Phase::kFaulted);
  for (const auto phase : {Phase::kIdle, Phase::kPresent, Phase::kDeciding, Phase::kRefused, Phase::kAdmitting,
                           Phase::kPassing, Phase::kClearing, Phase::kClosing, Phase::kRecovering, Phase::kHeldOpen,
                           Phase::kOutOfService, Phase::kReleased, Phase::kFaulted}) {
    INFO(to_string(phase));
    CHECK(lane.seen.contains(phase));
  }
}

TEST_CASE("the buzzer sounds for a second when somebody is refused") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.backend = [](const ConfirmRequest&) -> std::optional<ConfirmAnswer> {
    return Refuse{RefuseReason::kInspection};
  };
  world.settle();
  world.set(kApproach, true);
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kRefused; }));
  CHECK(world.coils[kBuzzer]);
  world.run(milliseconds{960});
  CHECK(world.coils[kBuzzer]);
  world.run(milliseconds{80});
  CHECK_FALSE(world.coils[kBuzzer]);
  CHECK(world.phase() == Phase::kRefused);
}

TEST_CASE("a barrier that somebody forces sounds until it is closed again") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout}});
  world.settle();
  world.barrier_jammed = true;
  world.force_position(0, 0.5);
  world.run(milliseconds{1500});
  CHECK(world.coils[kBuzzer]);
  world.barrier_jammed = false;
  world.settle();
  world.run(milliseconds{20});
  CHECK_FALSE(world.coils[kBuzzer]);
}

namespace {

/// A controller whose loop is turned by hand, in time or not.
class Loop {
 public:
  Loop() {
    step(DeviceUp{kIo});
    InputsPolled all{kIo, {}};
    for (const PointId eye : {kApproach, kSafety, kExit, kRelease, kStaffKey, kFire})
      all.changes.push_back({eye, false, mono_});
    step(all);
  }
  /// How often `alive` changed in turns `every` apart.
  int beats(Duration span, Duration every, bool reads) {
    int changes = 0;
    for (const MonoTime end = mono_ + span; mono_ < end;) {
      mono_ += every;
      changes += reads ? step(InputsPolled{kIo, {}}) : step(Tick{});
    }
    return changes;
  }
  int step(const Event& event) {
    int changes = 0;
    const Now now{.mono = mono_, .wall = wall_from_ms(1793000000000), .judging = wall_from_ms(1793000000000)};
    for (const auto& command : controller_.step(event, now)) {
      const auto* write = std::get_if<WriteOutput>(&command);
      if (write != nullptr && write->point == kAlive) ++changes;
    }
    return changes;
  }
  [[nodiscard]] bool turning() const { return controller_.turning(); }

 private:
  MonoTime mono_{std::chrono::seconds{1000}};
  CountingIds ids_;
  Controller controller_{std::make_shared<const GateConfig>(make_config({LaneOptions{}})), LoadedState{}, Uuid{}, ids_,
                         Now{.mono = mono_}};
};

}  // namespace

TEST_CASE(
    "a loop whose turns come late stops alive and the watchdog, and starts them again when they are in time (S7)") {
  Loop loop;
  CHECK(loop.beats(std::chrono::seconds{2}, milliseconds{10}, true) >= 7);
  CHECK(loop.turning());
  CHECK(loop.beats(std::chrono::seconds{4}, milliseconds{400}, true) == 0);
  CHECK_FALSE(loop.turning());
  CHECK(loop.beats(std::chrono::seconds{2}, milliseconds{10}, true) >= 7);
  CHECK(loop.turning());
}

TEST_CASE("a device that is said to answer and is not read stops alive, and its loss, once handled, does not (S7)") {
  Loop loop;
  (void)loop.beats(milliseconds{1100}, milliseconds{10}, false);
  CHECK(loop.beats(std::chrono::seconds{2}, milliseconds{10}, false) == 0);
  CHECK_FALSE(loop.turning());
  (void)loop.step(DeviceDown{kIo, "unplugged"});
  CHECK(loop.beats(std::chrono::seconds{2}, milliseconds{10}, false) >= 7);
  CHECK(loop.turning());
}

}  // namespace exitgate::test
