#include <catch2/catch_test_macros.hpp>

#include "api_rig.hpp"
#include "cli_rig.hpp"

using namespace exitgate;
using exitgate::test::ApiRig;
using exitgate::test::call;
using exitgate::test::phase_event;

TEST_CASE("events: what the daemon keeps is shown, then it ends") {
  ApiRig rig;
  rig.publish(phase_event("1", "present"));
  rig.publish(phase_event("2", "idle"));
  const auto people = call(rig.socket(), [](const auto& session) { return cli::events(session, false); });
  CHECK(people.code == 0);
  CHECK(people.out ==
        "22:13:20.000 lane 1 phase phase=present from=idle\n22:13:20.000 lane 2 phase phase=idle from=idle\n");
  const auto json = call(
      rig.socket(), [](const auto& session) { return cli::events(session, false); }, true);
  CHECK(
      json.out.find(
          R"("event":"phase","data":{"at":"2023-11-14T22:13:20.000Z","lane_id":"1","phase":"present","from":"idle"}})") !=
      std::string::npos);
}

TEST_CASE("events: a box without any ends at once") {
  ApiRig rig;
  const auto none = call(rig.socket(), [](const auto& session) { return cli::events(session, false); });
  CHECK(none.code == 0);
  CHECK(none.out.empty());
}
