#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <memory>

#include "tests/tools/backend/store_under_test.hpp"
#include "tools/backend/closure_streams.hpp"

namespace exitgate::reference {

TEST_CASE("a file that is no database is refused with its name") {
  const TemporaryFile file;
  {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> handle(std::fopen(file.path().c_str(), "w"), std::fclose);
    REQUIRE(handle != nullptr);
    for (int i = 0; i < 200; ++i) std::fputs("this is no database\n", handle.get());
  }
  const auto database = Database::open(file.path());
  REQUIRE_FALSE(database.has_value());
  CHECK(database.error().code == "database_failed");
  CHECK(database.error().message.find(file.path()) != std::string::npos);
}

TEST_CASE("a stream resumes within the log and nowhere else") {
  auto backend = make_backend(":memory:", 2);
  for (int i = 0; i < 4; ++i) put(backend, 1, true);
  const auto log = backend.log_range();
  CHECK(log.newest == 4);
  CHECK(log.forgotten == 2);
  CHECK(can_resume({log.log_id, 4}, log));
  CHECK(can_resume({log.log_id, 2}, log));
  CHECK_FALSE(can_resume({log.log_id, 1}, log));
  CHECK_FALSE(can_resume({log.log_id, 5}, log));
  CHECK_FALSE(can_resume({"another", 3}, log));
  REQUIRE(backend.renew_log(kNow).has_value());
  CHECK_FALSE(can_resume({log.log_id, 4}, backend.log_range()));
  CHECK(events_for(backend, kBack).empty());
}

TEST_CASE("a position in the log reads back as it was written, and nothing else does") {
  const auto position = parse_position(to_string(StreamPosition{"0193a1b2-c3d4-7abc-8def-000000000001", 42}));
  REQUIRE(position.has_value());
  CHECK(position->log_id == "0193a1b2-c3d4-7abc-8def-000000000001");
  CHECK(position->number == 42);
  for (const char* text : {"", "42", "x.", "x.-1", "x.4y", "x. 4"}) {
    INFO(text);
    CHECK_FALSE(parse_position(text).has_value());
  }
}

}  // namespace exitgate::reference
