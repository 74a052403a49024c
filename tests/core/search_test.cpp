// Every state one lane can get into over abstract inputs, judged by S1–S5, S8 and S10 (lane contract §6), and by the
// lane's own judge, which knows S9. Each search ends when there is nothing new left to find. The inputs are split into
// searches of their own such that what acts on each other is together in one of them; the bounds are in search.hpp.
// EXITGATE_SEARCH=full allows one trouble more at once and tells everything apart; it takes hours and much memory.
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
    wanted.coarse_ages = false;
    wanted.fine = true;
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
  CHECK(result.complete);
  CHECK(result.states >= options.states_at_least);
}

const std::vector<Input> kPeople{kApproach, kSafety, kExit, kMoment, kWait};

std::vector<Input> people_and(std::vector<Input> more) {
  more.insert(more.begin(), kPeople.begin(), kPeople.end());
  return more;
}

SearchOptions walkout_people() {
  return {.name = "walkout: people, answers",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kAdmit, kAdmitTwo, kRefuse, kNoAnswer, kExpected, kStaffOpen}),
          .states_at_least = 40000};
}
SearchOptions walkout_staff() {
  return {.name = "walkout: staff, key, release",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and(
              {kExpected, kStaffOpen, kHoldOpen, kReleaseHold, kOutOfService, kInService, kReset, kRelease, kStaffKey}),
          .answers_at_once = true,
          .states_at_least = 76000};
}
SearchOptions walkout_overrides() {
  return {.name = "walkout: overrides, answers",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kExpected, kAdmit, kRefuse, kHoldOpen, kReleaseHold, kRelease, kReset}),
          .troubles_at_most = 1,
          .states_at_least = 93000};
}
SearchOptions walkout_hardware() {
  return {.name = "walkout: device, jam, limits",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kExpected, kDevice, kJam, kContradict, kReset, kRelease}),
          .troubles_at_most = 1,
          .coarse_ages = true,
          .answers_at_once = true,
          .states_at_least = 951000};
}
SearchOptions walkout_device() {
  return {.name = "walkout: device, answers",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kAdmit, kRefuse, kDevice}),
          .troubles_at_most = 1,
          .states_at_least = 159000};
}
SearchOptions walkout_hold_device() {
  return {.name = "walkout: device, holds, disk",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kExpected, kDevice, kHoldOpen, kReleaseHold, kDiskSilent}),
          .coarse_ages = true,
          .answers_at_once = true,
          .states_at_least = 283000};
}
SearchOptions walkout_disk() {
  return {.name = "walkout: disk, kill",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kExpected, kDiskSilent, kDiskFails, kKill}),
          .troubles_at_most = 1,
          .answers_at_once = true,
          .states_at_least = 138000};
}
SearchOptions walkout_link() {
  return {.name = "walkout: link, kill, answers",
          .lane = {.mode = LaneMode::kWalkout},
          .inputs = people_and({kExpected, kAdmit, kRefuse, kLink, kKill}),
          .troubles_at_most = 1,
          .states_at_least = 120000};
}
SearchOptions no_limits_hardware() {
  return {.name = "no limits: device, jam, staff",
          .lane = {.mode = LaneMode::kWalkout, .limits = false},
          .inputs = people_and({kExpected, kDevice, kJam, kOutOfService, kInService}),
          .troubles_at_most = 1,
          .coarse_ages = true,
          .answers_at_once = true,
          .states_at_least = 191000};
}
SearchOptions no_limits_kill() {
  return {.name = "no limits: jam, release, kill",
          .lane = {.mode = LaneMode::kWalkout, .limits = false},
          .inputs = people_and({kExpected, kJam, kRelease, kReset, kKill}),
          .troubles_at_most = 1,
          .answers_at_once = true,
          .states_at_least = 77000};
}
SearchOptions cart_closures() {
  return {.name = "cart: closures, answers",
          .lane = {.mode = LaneMode::kCart},
          .inputs = people_and({kCartNear, kClosure, kAdmit, kNoAnswer}),
          .coarse_ages = true,
          .states_at_least = 328000};
}
SearchOptions cart_refusals() {
  return {.name = "cart: refusals",
          .lane = {.mode = LaneMode::kCart},
          .inputs = people_and({kCartNear, kRefuse}),
          .coarse_ages = true,
          .states_at_least = 28000};
}
SearchOptions cart_refused_closed() {
  return {.name = "cart: closures, refusals",
          .lane = {.mode = LaneMode::kCart},
          .inputs = people_and({kClosure, kAdmit, kRefuse, kKill}),
          .coarse_ages = true,
          .cart_stays = true,
          .states_at_least = 148000};
}
SearchOptions cart_staff() {
  return {.name = "cart: closures, staff",
          .lane = {.mode = LaneMode::kCart},
          .inputs = people_and({kCartNear, kClosure, kStaffOpen}),
          .coarse_ages = true,
          .answers_at_once = true,
          .states_at_least = 157000};
}
SearchOptions cart_device() {
  return {.name = "cart: closures, device",
          .lane = {.mode = LaneMode::kCart},
          .inputs = people_and({kClosure, kDevice}),
          .troubles_at_most = 1,
          .coarse_ages = true,
          .cart_stays = true,
          .answers_at_once = true,
          .states_at_least = 83000};
}
SearchOptions mixed_people() {
  return {.name = "mixed: closures, expected",
          .lane = {.mode = LaneMode::kMixed, .limits = false},
          .inputs = people_and({kCartNear, kClosure, kExpected}),
          .coarse_ages = true,
          .answers_at_once = true,
          .states_at_least = 194000};
}
SearchOptions mixed_answers() {
  return {.name = "mixed: admits",
          .lane = {.mode = LaneMode::kMixed, .limits = false},
          .inputs = people_and({kCartNear, kAdmit}),
          .coarse_ages = true,
          .states_at_least = 290000};
}
SearchOptions pulse_people() {
  return {.name = "pulse: people, answers",
          .lane = {.mode = LaneMode::kWalkout, .pulse = true},
          .inputs = {kApproach, kPassage, kMoment, kWait, kExpected, kAdmit, kAdmitTwo, kRefuse, kNoAnswer, kStaffOpen,
                     kHoldOpen, kReleaseHold, kDevice},
          .troubles_at_most = 1,
          .states_at_least = 39000};
}
SearchOptions pulse_staff() {
  return {.name = "pulse: staff, troubles",
          .lane = {.mode = LaneMode::kWalkout, .pulse = true},
          .inputs = {kApproach, kPassage, kMoment, kWait, kExpected, kStaffOpen, kHoldOpen, kReleaseHold, kOutOfService,
                     kInService, kRelease, kReset, kStaffKey, kDevice, kDiskSilent, kKill},
          .troubles_at_most = 1,
          .answers_at_once = true,
          .states_at_least = 298000};
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
    auto options = walkout_staff();
    options.states_at_most = 20000;
    options.mutant = mutant;
    const auto wrong = Search(options).run().wrong;
    std::printf("search: broken on purpose, found: %s\n", wrong.c_str());
    INFO(static_cast<int>(mutant));
    CHECK(wrong.find(invariant) != std::string::npos);
  }
}
TEST_CASE("search: a walkout lane with limits, people and every answer") { check(walkout_people()); }
TEST_CASE("search: a walkout lane, every command of staff, the key and the release") { check(walkout_staff()); }
TEST_CASE("search: a walkout lane, overrides while questions are out") { check(walkout_overrides()); }
TEST_CASE("search: a walkout lane, its device, its barrier and its limits fail") { check(walkout_hardware()); }
TEST_CASE("search: a walkout lane, its device is lost while questions are out") { check(walkout_device()); }
TEST_CASE("search: a walkout lane, its device and the disk fail, it is held") { check(walkout_hold_device()); }
TEST_CASE("search: a walkout lane, the disk fails and the box is killed") { check(walkout_disk()); }
TEST_CASE("search: a walkout lane, the link fails and the box is killed") { check(walkout_link()); }
TEST_CASE("search: a lane without limits, its hardware fails") { check(no_limits_hardware()); }
TEST_CASE("search: a lane without limits, released and killed") { check(no_limits_kill()); }
TEST_CASE("search: a cart lane, people, closures and answers") { check(cart_closures()); }
TEST_CASE("search: a cart lane, people and refusals") { check(cart_refusals()); }
TEST_CASE("search: a cart lane, a cart that stays, the box is killed") { check(cart_refused_closed()); }
TEST_CASE("search: a cart lane, staff open it for carts and others") { check(cart_staff()); }
TEST_CASE("search: a cart lane, its device is lost") { check(cart_device()); }
TEST_CASE("search: a mixed lane without limits, carts and expected walkouts") { check(mixed_people()); }
TEST_CASE("search: a mixed lane without limits, people and admits") { check(mixed_answers()); }
TEST_CASE("search: a gate with its own control unit, people and every answer") { check(pulse_people()); }
TEST_CASE("search: a gate with its own control unit, staff and troubles") { check(pulse_staff()); }

}  // namespace exitgate::test
