// Situations in which the exhaustive search of one lane found the core wrong (search_test.cpp).
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

bool said(const LaneWorld& world, const std::string& alarm) {
  const auto alarms = world.alarms();
  return std::find(alarms.begin(), alarms.end(), alarm) != alarms.end();
}

bool closed(const LaneWorld& world) {
  return std::holds_alternative<Closed>(world.controller->lanes()[0].lane_phase());
}

}  // namespace

TEST_CASE("a lane without limits that is taken into service while its barrier closes re-opens for somebody") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout, .limits = false}});
  world.settle();
  REQUIRE(world.command(StaffVerb::kOpen));
  world.run(milliseconds{300});
  world.walk_through();
  REQUIRE(world.run_until([&] { return world.phase() == Phase::kClosing; }));
  REQUIRE(world.command(StaffVerb::kOutOfService));
  REQUIRE(world.command(StaffVerb::kInService));
  world.run(milliseconds{1500});  // longer than it must be seen clear, shorter than the barrier may take
  REQUIRE_FALSE(world.barrier_commanded_open());
  world.set(kSafety, true);
  world.run(milliseconds{30});
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("a lane without limits that was restarted while its barrier closed re-opens for somebody") {
  LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout, .limits = false}});
  world.run(milliseconds{1500});
  REQUIRE_FALSE(world.barrier_commanded_open());
  world.set(kSafety, true);
  world.run(milliseconds{30});
  CHECK(world.barrier_commanded_open());
}

TEST_CASE("at a start the outputs may be read before the eyes: a barrier found closed is not opened for nobody") {
  const Now now{.mono = MonoTime{std::chrono::seconds{1000}}};
  CountingIds ids;
  Controller controller(std::make_shared<const GateConfig>(make_config({LaneOptions{.limits = false}})), {}, Uuid{},
                        ids, now);
  const auto opens = [&](const Event& event) {
    const auto commands = controller.step(event, now);
    return std::any_of(commands.begin(), commands.end(), [](const Command& command) {
      const auto* write = std::get_if<WriteOutput>(&command);
      return write != nullptr && write->point == kBarrier && !write->energised;
    });
  };
  CHECK_FALSE(opens(DeviceUp{kIo}));
  CHECK_FALSE(opens(OutputsRead{kIo, {{kBarrier, true, now.mono}}}));
  CHECK_FALSE(opens(InputsPolled{kIo, {{kSafety, false, now.mono}, {kExit, false, now.mono}}}));
  CHECK(opens(InputsPolled{kIo, {{kSafety, true, now.mono}}}));
}

TEST_CASE("a passage at a closed lane whose eyes are lost is no verdict of the cart that is still judged") {
  LaneWorld world;
  world.opens_for_a_paid_cart();
  const auto passes = [&] {
    for (const auto& [point, blocked] : {std::pair{kSafety, true}, {kExit, true}, {kSafety, false}, {kExit, false}}) {
      world.set(point, blocked);
      world.run(milliseconds{60});
    }
  };
  passes();
  REQUIRE(world.run_until([&] { return closed(world); }));
  passes();
  world.run(milliseconds{1300});
  REQUIRE(world.controller->lanes()[0].authorisations().size() == 1);
  REQUIRE_FALSE(said(world, "unauthorised"));
  world.device(false);
  REQUIRE(world.run_until([&] { return said(world, "unauthorised"); }, std::chrono::seconds{1}));
  CHECK_FALSE(world.has_fault(FaultCode::kInvariantViolated));
}

TEST_CASE("who passes a gate before it was opened for the admitted one takes neither their receipt nor their pulse") {
  for (const bool pulse : {true, false}) {
    LaneWorld world({LaneOptions{.mode = LaneMode::kWalkout, .limits = !pulse, .pulse = pulse}});
    world.settle();
    const auto passes = [&] {
      if (!pulse) return world.walk_through(0, milliseconds{20});
      world.set(kPassageContact, true);
      world.run(milliseconds{50});
      world.set(kPassageContact, false);
    };
    world.disk(false);
    passes();
    world.run(milliseconds{30});
    REQUIRE(world.command(StaffVerb::kOpen));
    world.run(milliseconds{140});
    CHECK(said(world, "unauthorised"));
    world.disk(true);
    world.run(milliseconds{600});
    if (pulse) {
      CHECK(std::count_if(world.writes.begin(), world.writes.end(), [](const auto& write) {
              return write.second.point == kPulse && write.second.energised;
            }) == 1);
    } else {
      CHECK(world.barrier_commanded_open());
    }
    passes();
    world.set(kApproach, false);
    REQUIRE(world.run_until([&] { return world.sealed.size() == 2 && world.phase() == Phase::kIdle; }));
    CHECK(world.sealed[0].kind == ReceiptKind::kUnauthorised);
    CHECK(world.sealed[0].passages == 1);
    CHECK(world.sealed[1].kind == ReceiptKind::kStaff);
    CHECK(world.sealed[1].passages == 1);
    CHECK_FALSE(world.has_fault(FaultCode::kInvariantViolated));
  }
}

}  // namespace exitgate::test
