#include "api/event_history.hpp"

#include <catch2/catch_test_macros.hpp>

#include "fakes.hpp"
#include "http/event_text.hpp"

using namespace exitgate;
using namespace exitgate::api;

namespace {

std::vector<std::string> ids(const EventHistory::Missed& missed) {
  std::vector<std::string> found;
  for (const auto text : missed.texts) found.push_back(http::EventTextReader().feed(text).at(0).id);
  return found;
}

}  // namespace

TEST_CASE("history: a client resumes after the last event it saw") {
  EventHistory history("r1", 3);
  for (const auto* phase : {"present", "deciding"}) (void)history.add(test::phase_event("1", phase));
  CHECK(ids(history.since("r1-1")) == std::vector<std::string>{"r1-2"});
  CHECK_FALSE(history.since("r1-1").gap);
  CHECK(history.since("r1-2").texts.empty());
  CHECK_FALSE(history.since("r1-2").gap);
}

TEST_CASE("history: what is no longer kept is a gap, and the rest is given") {
  EventHistory history("r1", 3);
  for (int i = 0; i < 5; ++i) (void)history.add(test::phase_event("1", "idle"));
  CHECK(ids(history.since("r1-2")) == std::vector<std::string>{"r1-3", "r1-4", "r1-5"});
  CHECK_FALSE(history.since("r1-2").gap);
  CHECK(ids(history.since("r1-1")) == std::vector<std::string>{"r1-3", "r1-4", "r1-5"});
  CHECK(history.since("r1-1").gap);
}

TEST_CASE("history: an id of another run, of the future or of nonsense gives everything kept") {
  EventHistory history("r2", 3);
  (void)history.add(test::phase_event("1", "idle"));
  for (const auto* id : {"r1-1", "r2-9", "r2-", "r2-x", "", "1", "r2-1x", "-1"}) {
    INFO(id);
    CHECK(history.since(id).gap);
    CHECK(ids(history.since(id)) == std::vector<std::string>{"r2-1"});
  }
  CHECK(EventHistory("r3", 3).since("r1-1").texts.empty());
}
