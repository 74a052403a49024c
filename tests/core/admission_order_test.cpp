// What an admission does, and in which order: the disk, the barrier, the lamp, the backend.
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

/// An idle lane.
std::unique_ptr<LaneWorld> idle(LaneMode mode) {
  auto world = std::make_unique<LaneWorld>(std::vector{LaneOptions{.mode = mode}});
  world->settle();
  return world;
}

std::vector<Command> step(LaneWorld& world, const Event& event) { return world.controller->step(event, world.now()); }

template <class C>
std::vector<C> all(const std::vector<Command>& commands) {
  std::vector<C> found;
  for (const auto& command : commands) {
    if (const auto* one = std::get_if<C>(&command)) found.push_back(*one);
  }
  return found;
}

template <class W>
std::size_t count(const Persist& persist) {
  return static_cast<std::size_t>(
      std::count_if(persist.writes.begin(), persist.writes.end(),
                    [](const StoreWrite& write) { return std::holds_alternative<W>(write); }));
}

/// Admits a walkout expected here with a disk that has not answered yet; the transaction it waits for.
Persist admitted_and_waiting(LaneWorld& world) {
  world.push(expected(1));
  world.disk(false);
  world.set(kApproach, true);
  std::vector<Command> commands;
  for (int polls = 0; polls < 10 && world.phase() != Phase::kAdmitting; ++polls) {
    commands = step(world, InputsPolled{kIo, {{kApproach, true, world.now().mono}}});
    if (world.phase() == Phase::kAdmitting) break;
    // The debounce time goes by without the world's own polls.
    auto later = world.now();
    later.mono += milliseconds{20};
    commands = world.controller->step(InputsPolled{kIo, {}}, later);
  }
  REQUIRE(world.phase() == Phase::kAdmitting);
  const auto persists = all<Persist>(commands);
  REQUIRE(persists.size() == 1);
  return persists.front();
}

}  // namespace

TEST_CASE("an admission is one transaction: receipt, ledger entry and the expected walkout it used") {
  auto world = idle(LaneMode::kWalkout);
  const auto persist = admitted_and_waiting(*world);
  CHECK(count<PutOpenReceipt>(persist) == 1);
  CHECK(count<PutLedger>(persist) == 1);
  CHECK(count<DropExpected>(persist) == 1);
}

TEST_CASE("nothing is lit, opened or told before the receipt is durable; then the barrier goes first") {
  auto world = idle(LaneMode::kWalkout);
  const auto persist = admitted_and_waiting(*world);
  CHECK_FALSE(world->coils[kGreen]);
  const auto commands = step(*world, Persisted{persist.ticket, Status{}});
  const auto writes = all<WriteOutput>(commands);
  REQUIRE(writes.size() == 2);
  CHECK(writes[0].point == kBarrier);
  CHECK_FALSE(writes[0].energised);
  CHECK(writes[1].point == kGreen);
  CHECK(writes[1].energised);
  const auto asked = all<Ask>(commands);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].request.stage == Stage::kAdmitted);
  CHECK(asked[0].request.session_id == session(1));
}

TEST_CASE("the backend's answer beside an opening that says what was known leaves the disk alone") {
  auto world = idle(LaneMode::kWalkout);
  const auto persist = admitted_and_waiting(*world);
  const auto asked = all<Ask>(step(*world, Persisted{persist.ticket, Status{}}));
  REQUIRE(asked.size() == 1);
  const auto known = step(*world, AnswerArrived{asked[0].question, admit_answer(1)});
  CHECK(all<Persist>(known).empty());
}

TEST_CASE("the backend's answer beside an opening that says more is kept") {
  auto world = idle(LaneMode::kWalkout);
  const auto persist = admitted_and_waiting(*world);
  const auto asked = all<Ask>(step(*world, Persisted{persist.ticket, Status{}}));
  REQUIRE(asked.size() == 1);
  const auto more = all<Persist>(step(*world, AnswerArrived{asked[0].question, admit_answer(1, 3)}));
  REQUIRE(more.size() == 1);
  REQUIRE(count<PutOpenReceipt>(more.front()) == 1);
  CHECK(std::get<PutOpenReceipt>(more.front().writes.front()).receipt.party_size == 3);
  CHECK(count<PutLedger>(more.front()) == 1);
}

TEST_CASE("an expected walkout whom the backend names as a session that left before is nobody's: its entry returns") {
  auto world = idle(LaneMode::kWalkout);
  // Session 2 leaves.
  world->backend = [](const ConfirmRequest&) { return std::optional<ConfirmAnswer>(admit_answer(2)); };
  world->opens_for_whoever_comes();
  world->walk_through();
  world->settle();
  REQUIRE(world->sealed.size() == 1);
  // Somebody else comes, expected as session 1; the backend says it is session 2 again, after the passage.
  world->backend = [](const ConfirmRequest&) { return std::nullopt; };
  world->push(expected(1));
  world->opens_for_whoever_comes();
  world->walk_through();
  world->run(milliseconds{300});
  world->answer(world->asked.size() - 1, admit_answer(2));
  world->settle();
  CHECK_FALSE(world->has_fault(FaultCode::kInvariantViolated));
  REQUIRE(world->sealed.size() == 2);
  const auto& nobodys = world->sealed[1];
  CHECK(nobodys.kind == ReceiptKind::kUnauthorised);
  CHECK(nobodys.flags.has(Flag::kExpectedMismatch));
  CHECK_FALSE(nobodys.session_id);
  CHECK(nobodys.passages == 1);
  // Session 1 has not left: its entry lets it out.
  world->opens_for_whoever_comes();
  CHECK(world->open.begin()->second.session_id == session(1));
}

}  // namespace exitgate::test
