#include <catch2/catch_test_macros.hpp>

#include "api/api_json.hpp"
#include "api_rig.hpp"
#include "tests/http/server_rig.hpp"

using namespace exitgate;
using exitgate::http::test::run_command;
using exitgate::test::ApiRig;

namespace {

const std::string kProgram = std::string(EXITGATE_BINARY_DIR) + "/bin/exitgate ";

}  // namespace

TEST_CASE("program: options stand before or behind the command") {
  ApiRig rig;
  const auto before = run_command(kProgram + "--json --socket " + rig.socket() + " status");
  CHECK(before.status == 0);
  CHECK(before.output == api::status_json(rig.gate.view) + "\n");
  CHECK(run_command(kProgram + "status --socket " + rig.socket() + " --json").output == before.output);
}

TEST_CASE("program: commands reach the gate with who and why") {
  ApiRig rig;
  CHECK(run_command(kProgram + "--socket " + rig.socket() + " lane 2 mode mixed --by 'Ana B' --reason 'a \"test\"'")
            .status == 0);
  REQUIRE(rig.gate.commands().size() == 1);
  CHECK(rig.gate.commands()[0].by == "Ana B");
  CHECK(rig.gate.commands()[0].reason == "a \"test\"");
  CHECK(rig.gate.commands()[0].mode == LaneMode::kMixed);
}

TEST_CASE("program: bad usage is exit code 2, help and version are 0") {
  for (const auto* arguments :
       {"", "nonsense", "lane 1 open", "lane 1 close --by a --reason b", "lane 1 mode --by a --reason b",
        "lane 1 open cart --by a --reason b", "receipts", "receipts list --limit 0", "receipts list --state x", "check",
        "receipts verify /nonexistent", "users add - x root"}) {
    INFO(arguments);
    CHECK(run_command(kProgram + arguments + " 2>/dev/null </dev/null").status == 2);
  }
  CHECK(run_command(kProgram + "--help").status == 0);
  CHECK(run_command(kProgram + "--version").output.starts_with("exitgate "));
  CHECK(run_command(kProgram + "--socket /nonexistent status 2>&1").status == 1);
}

TEST_CASE("program: watch draws on a terminal of 80 by 24 and follows events") {
  ApiRig rig;
  // script(1) gives the program a terminal; the size is that of the terminal it makes.
  const auto seen = run_command("timeout 20 script -qfec 'stty cols 80 rows 24; timeout 2 " + kProgram + "--socket " +
                                rig.socket() + " watch' /dev/null </dev/null");
  CHECK(seen.output.find("store SEA-042  gate front") != std::string::npos);
  CHECK(seen.output.find("\x1b[H") != std::string::npos);
}

TEST_CASE("program: a password comes from a pipe") {
  const auto line = run_command("echo password-1 | " + kProgram + "users add - ana operator");
  CHECK(line.status == 0);
  CHECK(line.output.starts_with("ana:operator:scrypt$"));
}
