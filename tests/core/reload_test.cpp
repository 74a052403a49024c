// A store file taken over lane by lane (operation contract, "Store file").
#include <catch2/catch_test_macros.hpp>

#include "tests/core/lane_world.hpp"

namespace exitgate::test {
namespace {

std::size_t files_kept(const LaneWorld& world) {
  std::size_t kept = 0;
  Controller::visit_state(*world.controller, [&](const auto&... members) {
    const auto count = [&](const auto& member) {
      if constexpr (std::is_same_v<decltype(member), const std::vector<std::shared_ptr<const GateConfig>>&>)
        kept = member.size();
    };
    (count(members), ...);
  });
  return kept;
}

}  // namespace

TEST_CASE("reload: files that no lane goes by are not kept, however long a lane stays open") {
  LaneWorld world({LaneOptions{}, LaneOptions{}});
  world.settle();
  world.settle(1);
  REQUIRE(world.command(StaffVerb::kHoldOpen).has_value());
  world.run(std::chrono::seconds{1});
  for (int reload = 0; reload < 20; ++reload) {
    auto changed = make_config({LaneOptions{}, LaneOptions{}});
    for (auto& lane : changed.lanes) lane.timing.lapse = std::chrono::seconds{9 + reload};
    world.step(Reconfigure{changed});
    world.run(milliseconds{100});
    // The one that lane 1 has had all along, and the newest, which lane 2 has taken.
    CHECK(files_kept(world) == 2);
    CHECK(world.controller->lanes()[0].config().timing.lapse == std::chrono::seconds{8});
    CHECK(world.controller->lanes()[1].config().timing.lapse == std::chrono::seconds{9 + reload});
  }
  REQUIRE(world.command(StaffVerb::kReleaseHold).has_value());
  world.settle();
  CHECK(files_kept(world) == 1);
  CHECK(world.controller->lanes()[0].config().timing.lapse == std::chrono::seconds{28});
}

}  // namespace exitgate::test
