// Every state one lane can get into over abstract inputs, judged by S1–S5, S8 and S10 (lane contract §6).
// A search that is not complete within its bound is breadth-first: every state of fewer inputs was looked at.
// EXITGATE_SEARCH=full lifts the bounds and allows one trouble more at once; it takes hours and much memory.
#include <catch2/catch_test_macros.hpp>

#include <cstdio>
#include <cstdlib>

#include "search.hpp"

namespace exitgate::test {
namespace {

using enum Input;

bool full() {
  const char* asked = std::getenv("EXITGATE_SEARCH");
  return asked != nullptr && std::string_view(asked) == "full";
}

SearchResult searched(const SearchOptions& options) {
  auto wanted = options;
  if (full()) {
    ++wanted.troubles_at_most;
    wanted.states_at_most = 0;
  }
  auto result = Search(wanted).run();
  std::printf("search: %-28s %7zu states %8zu transitions, %zu inputs deep, %zu calms, %zu persons inside%s\n",
              options.name, result.states, result.transitions, result.depth, result.calm_runs, result.person_runs,
              result.complete ? ", complete" : "");
  return result;
}

void check(const SearchOptions& options) {
  const auto result = searched(options);
  CHECK(result.wrong == "");
  CHECK((result.complete || options.states_at_most != 0));
  CHECK(result.states >= options.states_at_least);
}

const std::vector<Input> kPeople{kApproach, kSafety, kExit, kMoment, kWait};

std::vector<Input> people_and(std::vector<Input> more) {
  more.insert(more.begin(), kPeople.begin(), kPeople.end());
  return more;
}

SearchOptions walkout_people() {
  return {.name = "walkout, people and answers",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kAdmit, kAdmitTwo, kRefuse, kNoAnswer, kExpected, kStaffOpen}),
          .states_at_least = 50000};
}
SearchOptions cart_people() {
  return {.name = "cart, people and answers",
          .lane = {.mode = LaneMode::kCart},
          .inputs = people_and({kCartNear, kClosure, kAdmit, kRefuse, kNoAnswer}),
          .states_at_least = 40000,
          .states_at_most = 40000};
}
SearchOptions mixed_people() {
  return {.name = "mixed, people and answers",
          .lane = {.mode = LaneMode::kMixed, .limits = false},
          .inputs = people_and({kCartNear, kClosure, kExpected, kAdmit, kRefuse}),
          .states_at_least = 40000,
          .states_at_most = 40000};
}
SearchOptions staff_and_release() {
  return {.name = "walkout, staff and release",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and(
              {kExpected, kStaffOpen, kHoldOpen, kReleaseHold, kOutOfService, kInService, kReset, kRelease, kStaffKey}),
          .troubles_at_most = 1,
          .states_at_least = 40000,
          .states_at_most = 40000};
}
SearchOptions broken_hardware() {
  return {.name = "walkout, broken hardware",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kExpected, kDevice, kJam, kContradict, kReset, kRelease}),
          .troubles_at_most = 1,
          .states_at_least = 40000,
          .states_at_most = 40000};
}
SearchOptions no_limits() {
  return {.name = "cart without limits, troubles",
          .lane = {.mode = LaneMode::kCart, .limits = false},
          .inputs = people_and({kCartNear, kClosure, kDevice, kJam, kOutOfService, kInService}),
          .troubles_at_most = 1,
          .states_at_least = 40000,
          .states_at_most = 40000};
}
SearchOptions disk_and_kill() {
  return {.name = "walkout, disk, link and kill",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kExpected, kDiskSilent, kDiskFails, kLink, kKill}),
          .troubles_at_most = 1,
          .states_at_least = 40000,
          .states_at_most = 40000};
}
SearchOptions pulse_gate() {
  return {.name = "gate with a pulse",
          .lane = {.mode = LaneMode::kWalkout, .pulse = true},
          .inputs = {kApproach, kPassage, kMoment, kWait, kExpected, kAdmit, kAdmitTwo, kRefuse, kNoAnswer, kStaffOpen,
                     kHoldOpen, kReleaseHold, kRelease, kReset, kDevice, kOutOfService, kInService, kKill},
          .troubles_at_most = 1,
          .states_at_least = 40000,
          .states_at_most = 40000};
}

}  // namespace

TEST_CASE("search: the judge finds every controller and every wire that is broken on purpose") {
  const std::vector<std::pair<Mutant, const char*>> mutants{{Mutant::kClosesOnSomebody, "somebody"},
                                                            {Mutant::kLosesRelease, "S2"},
                                                            {Mutant::kLosesReopening, "somebody"},
                                                            {Mutant::kOpensWithoutAnyone, "S5"},
                                                            {Mutant::kSealsTwice, "S5"},
                                                            {Mutant::kForgetsReceipts, "S5"},
                                                            {Mutant::kEyeSticks, "S10"}};
  for (const auto& [mutant, invariant] : mutants) {
    auto options = staff_and_release();
    options.states_at_most = 20000;
    options.mutant = mutant;
    const auto wrong = Search(options).run().wrong;
    std::printf("search: broken on purpose, found: %s\n", wrong.c_str());
    INFO(static_cast<int>(mutant));
    CHECK(wrong.find(invariant) != std::string::npos);
  }
}
TEST_CASE("search: a walkout lane with limits, people and every answer") { check(walkout_people()); }
TEST_CASE("search: a cart lane with limits, people and every answer") { check(cart_people()); }
TEST_CASE("search: a mixed lane without limits, people and answers") { check(mixed_people()); }
TEST_CASE("search: a walkout lane, every command of staff, the key and the release") { check(staff_and_release()); }
TEST_CASE("search: a walkout lane, its device, its barrier and its limits fail") { check(broken_hardware()); }
TEST_CASE("search: a cart lane without limits, its device and its barrier fail") { check(no_limits()); }
TEST_CASE("search: a walkout lane, the disk and the link fail, and the box is killed") { check(disk_and_kill()); }
TEST_CASE("search: a gate with its own control unit") { check(pulse_gate()); }

}  // namespace exitgate::test
