#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "cli_rig.hpp"

using namespace exitgate;
using exitgate::test::call;

TEST_CASE("check: a bad file is exit code 2, with a line for each finding") {
  std::string folder = (std::filesystem::temp_directory_path() / "exitgate-cli-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string file = folder + "/store.toml";
  std::ofstream(file) << "schema = 1\n[store]\nid = 7\n";
  const auto people = call("", [&](const auto& session) { return cli::check_file(session, file); });
  INFO(people.err);
  CHECK(people.code == 2);
  CHECK(people.err.find(file + ":3:") != std::string::npos);
  CHECK(people.err.find(": error: store.id: found ") != std::string::npos);
  const auto json = call(
      "", [&](const auto& session) { return cli::check_file(session, file); }, true);
  CHECK(json.out.starts_with("{\"valid\":false,\"findings\":[{\"file\":\""));
  CHECK(call("", [&](const auto& session) { return cli::check_file(session, folder + "/none.toml"); }).code == 2);
  std::filesystem::remove_all(folder);
}
