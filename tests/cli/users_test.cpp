#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "api/users.hpp"
#include "cli_rig.hpp"

using namespace exitgate;
using exitgate::test::call;

TEST_CASE("users: a line is added, then replaced, and the API reads it") {
  std::string folder = (std::filesystem::temp_directory_path() / "exitgate-cli-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string file = folder + "/users";
  std::ofstream(file) << "# staff\nbo:viewer:" << api::nobodys_hash() << '\n';
  REQUIRE(chmod(file.c_str(), 0600) == 0);
  const auto add = [&](const std::string& name, const std::string& role, const std::string& password) {
    return call("", [&](const auto& session) { return cli::users_add(session, file, name, role, password); }).code;
  };
  CHECK(add("ana", "operator", "password-1") == 0);
  CHECK(add("bo", "installer", "password-2") == 0);
  const auto users = api::read_users(file);
  REQUIRE(users);
  REQUIRE(users->size() == 2);
  CHECK(users->at(0).role == api::Role::kInstaller);
  CHECK(api::password_matches("password-2", users->at(0).hash));
  CHECK(api::password_matches("password-1", users->at(1).hash));
  struct stat found {};
  REQUIRE(stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(add("a b", "viewer", "password-1") == 2);
  CHECK(add("ana", "root", "password-1") == 2);
  CHECK(add("ana", "viewer", "short") == 2);
  CHECK(call("", [](const auto& s) {
          return cli::users_add(s, "-", "x", "viewer", "password-1");
        }).out.starts_with("x:viewer:scrypt$"));
  CHECK(call("", [](const auto& s) { return cli::users_add(s, "/nonexistent/u", "x", "viewer", "password-1"); }).code ==
        1);
  std::filesystem::remove_all(folder);
}
