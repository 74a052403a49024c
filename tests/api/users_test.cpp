#include "api/users.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::api;

TEST_CASE("users: a hash made of a password fits that password alone, and no two are the same") {
  const auto hash = make_password_hash("correct horse");
  REQUIRE(hash);
  CHECK(hash->starts_with("scrypt$16384$8$1$"));
  CHECK(password_matches("correct horse", *hash));
  CHECK_FALSE(password_matches("correct horsf", *hash));
  CHECK_FALSE(password_matches("", *hash));
  CHECK(make_password_hash("correct horse") != hash);
  CHECK_FALSE(make_password_hash("short"));
}

TEST_CASE("users: a hash that is none, or asks for absurd memory, matches nothing") {
  for (const auto* hash : {"", "plain", "scrypt$16384$8$1$$", "scrypt$x$8$1$AAAA$AAAA",
                           "scrypt$1073741824$8$1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}) {
    INFO(hash);
    CHECK_FALSE(password_matches("x", hash));
  }
  CHECK_FALSE(password_matches("", nobodys_hash()));
}

TEST_CASE("users: the lines of a file become users; the first bad line is named") {
  const std::string hash(nobodys_hash());
  const auto users = parse_users("# staff\n\nana:operator:" + hash + "\r\nbo:viewer:" + hash + "\n");
  REQUIRE(users);
  REQUIRE(users->size() == 2);
  CHECK(users->at(0).name == "ana");
  CHECK(users->at(0).role == Role::kOperator);
  CHECK(users->at(0).hash == hash);
  for (const auto& line : {std::string("ana"), std::string("ana:operator"), "a b:viewer:" + hash, "ana:root:" + hash,
                           std::string("ana:viewer:secret"), "bo:viewer:" + hash + "\nbo:viewer:" + hash}) {
    const auto bad = parse_users("# first\n" + line);
    INFO(line);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == "users_file");
  }
  CHECK(parse_users("\nana").error().message.starts_with("line 2: "));
  CHECK(read_users("/nonexistent").error().code == "users_file");
}

TEST_CASE("users: Basic credentials are read, other schemes and broken ones are not") {
  const auto credentials = parse_basic("basic YW5hOmE6Yg==");
  REQUIRE(credentials);
  CHECK(credentials->user == "ana");
  CHECK(credentials->password == "a:b");
  for (const auto* header : {"", "Basic", "Basic !", "Bearer YW5hOmE6Yg==", "Basic YW5h"})
    CHECK_FALSE(parse_basic(header));
}
