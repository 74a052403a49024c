#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "api/api_json.hpp"
#include "api_rig.hpp"
#include "cli_rig.hpp"

using namespace exitgate;
using exitgate::test::ApiRig;
using exitgate::test::call;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("status: people get a table, programs the JSON as it came") {
  ApiRig rig;
  rig.gate.view.faults = {
      {FaultCode::kReceiverDown, Severity::kWarning, "device:rx1", wall_from_s(1'700'000'001), "Check the cable"}};
  const auto people = call(rig.socket(), [](const auto& session) { return cli::status(session); });
  INFO(people.out);
  CHECK(people.code == 0);
  CHECK(has(people.out,
            "store SEA-042  gate front  exitgate 0.1.0\nbackend online  clock synchronised  receipts 0 queued, 0 in "
            "quarantine\n"));
  CHECK(has(people.out, "1     cart  idle           closed   2023-11-14 22:13:20\n"));
  CHECK(has(people.out, "receiver_down  warning   device:rx1  2023-11-14 22:13:21  Check the cable\n"));
  CHECK_FALSE(has(people.out, "\x1b"));
  const auto json = call(
      rig.socket(), [](const auto& session) { return cli::status(session); }, true);
  CHECK(json.out == api::status_json(rig.gate.view) + "\n");
}

TEST_CASE("lane: a command done is 0 and shows the lane, one refused is 1 and says why") {
  ApiRig rig;
  const auto open = [](const auto& session) { return cli::lane(session, {"1", "open", "", "Ana", "test"}); };
  const auto done = call(rig.socket(), open);
  CHECK(done.code == 0);
  CHECK(has(done.out, "1     cart  idle"));
  CHECK(rig.gate.commands().at(0).by == "Ana");
  rig.gate.on_command = [&](const StaffCommand& command) {
    return rig.gate.done_with(command, fail("held_open", "The lane is held open"));
  };
  const auto refused = call(rig.socket(), open);
  CHECK(refused.code == 1);
  CHECK(refused.err == "exitgate: The lane is held open (held_open)\n");
  const auto json = call(rig.socket(), open, true);
  CHECK(json.code == 1);
  CHECK(json.out == "{\"error\":{\"code\":\"held_open\",\"message\":\"The lane is held open\"}}\n");
  const auto all = call(rig.socket(), [](const auto& session) {
    return cli::lane(session, {"all", "reset", "", "Ana", "test"});
  });
  CHECK(all.code == 1);
  CHECK(has(all.out, "\n2     cart"));
  CHECK(call(rig.socket(), [](const auto& session) {
          return cli::lane(session, {"9/..", "open", "", "Ana", "x"});
        }).code == 1);
}

TEST_CASE("lane: mode is sent with its value") {
  ApiRig rig;
  CHECK(call(rig.socket(), [](const auto& session) {
          return cli::lane(session, {"1", "mode", "walkout", "Ana", "x"});
        }).code == 0);
  CHECK(rig.gate.commands().at(0).mode == LaneMode::kWalkout);
}

TEST_CASE("reload: what waits is told; a bad file is exit code 2 with its findings") {
  ApiRig rig;
  rig.gate.reload_outcome = ReloadOutcome{{LaneId::of("1")}, {"f:1:1: warning: x"}};
  const auto good = call(rig.socket(), [](const auto& session) { return cli::reload(session); });
  CHECK(good.code == 0);
  CHECK(good.out == "The configuration is good; it comes into force when idle and empty: lane 1\n");
  CHECK(good.err == "f:1:1: warning: x\n");
  rig.gate.reload_outcome = fail("bad_config", "f:2:1: error: y");
  for (const bool json : {false, true}) {
    const auto bad = call(
        rig.socket(), [](const auto& session) { return cli::reload(session); }, json);
    CHECK(bad.code == 2);
    CHECK(has(bad.out + bad.err, "f:2:1: error: y"));
  }
}

TEST_CASE("trace: written to a file or to output; refusals are told") {
  ApiRig rig;
  const auto file = rig.socket() + ".trace";
  const auto written = call(rig.socket(), [&](const auto& session) { return cli::trace(session, file); });
  CHECK(written.code == 0);
  CHECK(written.out == "2 steps written to " + file + "; exitgate-sim --replay " + file + " reproduces them\n");
  std::ostringstream kept;
  kept << std::ifstream(file).rdbuf();
  CHECK(kept.str() == *rig.gate.trace_text);
  const auto json = call(
      rig.socket(), [&](const auto& session) { return cli::trace(session, file); }, true);
  CHECK(has(json.out, R"("bytes":31,"steps":2})"));
  CHECK(call(rig.socket(), [](const auto& session) { return cli::trace(session, "-"); }).out == *rig.gate.trace_text);
  CHECK(call(rig.socket(), [](const auto& session) { return cli::trace(session, "/no/such/dir"); }).code == 1);
  rig.gate.trace_text = fail("busy", "Another trace is being written");
  const auto refused = call(rig.socket(), [&](const auto& session) { return cli::trace(session, file); });
  CHECK(refused.code == 1);
  CHECK(has(refused.err, "Another trace is being written"));
}

TEST_CASE("io: every point with its levels") {
  ApiRig rig;
  rig.gate.io = {
      {"io1/discrete/0", "lane[1].inputs.approach", false, true, false, PointQuality::kGood, milliseconds(12)},
      {"io1/coil/0", "outputs.alive", true, std::nullopt, std::nullopt, PointQuality::kUnread, std::nullopt}};
  const auto shown = call(rig.socket(), [](const auto& session) { return cli::io(session, false); });
  INFO(shown.out);
  CHECK(has(shown.out, "io1/discrete/0  lane[1].inputs.approach  1    0      good     12\n"));
  CHECK(has(shown.out, "io1/coil/0      outputs.alive            -    -      unread   -\n"));
}

TEST_CASE("no daemon: every command says where it looked and what to do") {
  const std::string nowhere = "/nonexistent/c.sock";
  const auto people = call(nowhere, [](const auto& session) { return cli::status(session); });
  CHECK(people.code == 1);
  CHECK(people.err ==
        "exitgate: Can't connect to /nonexistent/c.sock: No such file or directory. Is the daemon running? Try "
        "`systemctl status exitgated`, or name its socket with --socket PATH\n");
  const auto json = call(
      nowhere, [](const auto& session) { return cli::status(session); }, true);
  CHECK(json.code == 1);
  CHECK(has(json.out, "{\"error\":{\"code\":\"unreachable\","));
  CHECK(call(nowhere, [](const auto& session) { return cli::events(session, true); }).code == 1);
  CHECK(call(nowhere, [](const auto& session) { return cli::watch(session); }).code == 1);
  CHECK(call(nowhere, [](const auto& session) { return cli::io(session, true); }).code == 1);
  CHECK(call(nowhere, [](const auto& session) { return cli::receipts_verify(session, ""); }).code == 1);
}
