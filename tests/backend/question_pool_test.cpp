#include "backend/question_pool.hpp"

#include <rapidcheck.h>

#include <catch2/catch_test_macros.hpp>
#include <set>

using namespace exitgate;
using namespace std::chrono_literals;

namespace {

const ConnectionFailure kBroken{NoAnswerCause::kTransport, "broken"};
const ConnectionFailure kRefused{NoAnswerCause::kTls, "refused"};

template <class T>
std::vector<T> only(const PoolCommands& commands) {
  std::vector<T> found;
  for (const auto& command : commands) {
    if (const auto* one = std::get_if<T>(&command)) found.push_back(*one);
  }
  return found;
}

/// A pool with its two warm connections (1 and 2) standing, at 10 s.
struct WarmPool {
  QuestionPool pool{PoolLimits{}};
  MonoTime now{10s};
  WarmPool() {
    const auto commands = pool.start(now);
    REQUIRE(only<OpenConnection>(commands).size() == 2);
    for (const ConnectionId id : {1U, 2U}) {
      CHECK(pool.opened(id, now).empty());
      pool.proven(id);
    }
  }
};

}  // namespace

TEST_CASE("a question goes out at once on a warm connection, and a spare one is opened in its place") {
  WarmPool warm;
  const auto commands = warm.pool.ask(100, warm.now);
  REQUIRE(only<SendQuestion>(commands).size() == 1);
  CHECK(only<OpenConnection>(commands).size() == 1);
  CHECK(warm.pool.answered(only<SendQuestion>(commands)[0].connection, true, warm.now).empty());
  CHECK(warm.pool.questions() == 0);
}

TEST_CASE("an unanswered question keeps its connection, the next takes another") {
  WarmPool warm;
  std::set<ConnectionId> used;
  for (std::uint64_t ticket = 1; ticket <= 2; ++ticket) {
    const auto sent = only<SendQuestion>(warm.pool.ask(ticket, warm.now));
    REQUIRE(sent.size() == 1);
    CHECK(used.insert(sent[0].connection).second);
  }
  CHECK(only<SendQuestion>(warm.pool.ask(3, warm.now)).empty());
  const auto third = only<SendQuestion>(warm.pool.opened(3, warm.now));
  REQUIRE(third.size() == 1);
  CHECK(third[0].ticket == 3);
}

TEST_CASE("a question is given up after its time and its connection is closed") {
  WarmPool warm;
  const auto sent = only<SendQuestion>(warm.pool.ask(1, warm.now));
  const auto due = warm.now + PoolLimits{}.give_up_after;
  CHECK(warm.pool.next_deadline() == due);
  CHECK(only<FailQuestion>(warm.pool.tick(due - 1ms)).empty());
  const auto commands = warm.pool.tick(due);
  REQUIRE(only<FailQuestion>(commands).size() == 1);
  CHECK(only<FailQuestion>(commands)[0].why.cause == NoAnswerCause::kTimeout);
  REQUIRE(only<CloseConnection>(commands).size() == 1);
  CHECK(only<CloseConnection>(commands)[0].connection == sent[0].connection);
  CHECK(warm.pool.answered(sent[0].connection, true, due).empty());
}

TEST_CASE("a broken kept-alive connection: the question goes out once more on a new one, and only once") {
  WarmPool warm;
  const auto first = only<SendQuestion>(warm.pool.ask(1, warm.now))[0];
  const auto after = warm.pool.lost(first.connection, kBroken, warm.now);
  CHECK(only<FailQuestion>(after).empty());
  CHECK(only<SendQuestion>(after).empty());
  const auto opened = only<SendQuestion>(warm.pool.opened(3, warm.now));
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].ticket == 1);
  CHECK(only<FailQuestion>(warm.pool.lost(3, kBroken, warm.now)).size() == 1);
}

TEST_CASE("a refused certificate is no broken connection: the question is not repeated") {
  WarmPool warm;
  const auto sent = only<SendQuestion>(warm.pool.ask(1, warm.now))[0];
  const auto failed = only<FailQuestion>(warm.pool.lost(sent.connection, kRefused, warm.now));
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].why.cause == NoAnswerCause::kTls);
}

TEST_CASE("a closed warm connection that had served is replaced at once") {
  WarmPool warm;
  const auto commands = warm.pool.lost(1, kBroken, warm.now + 75s);
  CHECK(only<OpenConnection>(commands).size() == 1);
}

TEST_CASE("warm connections that cannot be had are tried again with back-off, doubling to 5 s") {
  QuestionPool pool{PoolLimits{}};
  MonoTime now{10s};
  auto opened = only<OpenConnection>(pool.start(now));
  for (const auto delay : {250ms, 500ms, 1000ms, 2000ms, 4000ms, 5000ms, 5000ms}) {
    for (const auto& one : opened) CHECK(pool.lost(one.connection, kBroken, now).empty());
    CHECK(pool.next_deadline() == now + delay);
    CHECK(pool.tick(now + delay - 1ms).empty());
    now += delay;
    opened = only<OpenConnection>(pool.tick(now));
    CHECK(opened.size() == 2);
  }
}

TEST_CASE("a connection that ends before the backend took our certificate counts as one that could not be had") {
  QuestionPool pool{PoolLimits{}};
  const MonoTime now{10s};
  for (const auto& one : only<OpenConnection>(pool.start(now))) CHECK(pool.opened(one.connection, now).empty());
  CHECK(pool.lost(1, kRefused, now).empty());
  CHECK(pool.next_deadline() == now + 250ms);
}

TEST_CASE("a question does not wait for the back-off, and fails when its connection cannot be had") {
  QuestionPool pool{PoolLimits{}};
  const MonoTime now{10s};
  for (const auto& one : only<OpenConnection>(pool.start(now))) CHECK(pool.lost(one.connection, kBroken, now).empty());
  const auto opened = only<OpenConnection>(pool.ask(7, now + 1ms));
  REQUIRE(opened.size() == 1);
  const auto failed = only<FailQuestion>(pool.lost(opened[0].connection, kBroken, now + 2ms));
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].ticket == 7);
  CHECK(failed[0].why.detail == "broken");
}

TEST_CASE("connections idle beyond the warm ones are closed after a while") {
  WarmPool warm;
  for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) static_cast<void>(warm.pool.ask(ticket, warm.now));
  for (ConnectionId id = 3; id <= 6; ++id) static_cast<void>(warm.pool.opened(id, warm.now));
  for (ConnectionId id = 1; id <= 4; ++id) static_cast<void>(warm.pool.answered(id, true, warm.now));
  CHECK(warm.pool.connections() == 6);
  CHECK(warm.pool.next_deadline() == warm.now + 60s);
  CHECK(only<CloseConnection>(warm.pool.tick(warm.now + 60s)).size() == 4);
  CHECK(warm.pool.connections() == 2);
}

TEST_CASE("the 65th unanswered question fails at once") {
  WarmPool warm;
  for (std::uint64_t ticket = 1; ticket <= 64; ++ticket)
    CHECK(only<FailQuestion>(warm.pool.ask(ticket, warm.now)).empty());
  const auto commands = warm.pool.ask(65, warm.now);
  REQUIRE(commands.size() == 1);
  CHECK(only<FailQuestion>(commands)[0].ticket == 65);
}

namespace {

/// Plays the sockets: keeps what the pool ordered and checks that it orders nothing impossible.
struct World {
  QuestionPool pool{PoolLimits{}};
  MonoTime now{10s};
  std::set<ConnectionId> opening;
  std::set<ConnectionId> idle;
  std::map<ConnectionId, std::uint64_t> busy;
  std::set<std::uint64_t> asked;
  std::set<std::uint64_t> ended;

  void obey(const PoolCommands& commands) {
    for (const auto& command : commands) {
      if (const auto* open = std::get_if<OpenConnection>(&command)) RC_ASSERT(opening.insert(open->connection).second);
      if (const auto* close = std::get_if<CloseConnection>(&command))
        RC_ASSERT(idle.erase(close->connection) + busy.erase(close->connection) == 1);
      if (const auto* send = std::get_if<SendQuestion>(&command)) {
        RC_ASSERT(idle.erase(send->connection) == 1);
        busy[send->connection] = send->ticket;
      }
      if (const auto* fail = std::get_if<FailQuestion>(&command)) RC_ASSERT(ended.insert(fail->ticket).second);
    }
    RC_ASSERT(opening.size() + idle.size() + busy.size() == pool.connections());
    RC_ASSERT(pool.connections() <= 64 + 2);
    RC_ASSERT(pool.questions() == asked.size() - ended.size());
  }
};

void step(World& world, std::uint64_t& tickets) {
  const auto pick = [](const auto& from) {
    return *std::next(from.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(from.size())));
  };
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      world.asked.insert(++tickets);
      world.obey(world.pool.ask(tickets, world.now));
      break;
    case 1:
      if (!world.opening.empty()) {
        const auto id = pick(world.opening);
        world.opening.erase(id);
        world.idle.insert(id);
        world.obey(world.pool.opened(id, world.now));
      }
      break;
    case 2:
      if (!world.busy.empty()) {
        const auto [id, ticket] = pick(world.busy);
        const bool reusable = *rc::gen::arbitrary<bool>();
        world.busy.erase(id);
        if (reusable) world.idle.insert(id);
        world.ended.insert(ticket);
        world.obey(world.pool.answered(id, reusable, world.now));
      }
      break;
    case 3: {
      std::vector<ConnectionId> all(world.opening.begin(), world.opening.end());
      all.insert(all.end(), world.idle.begin(), world.idle.end());
      for (const auto& [id, ticket] : world.busy) all.push_back(id);
      if (all.empty()) break;
      const auto id = pick(all);
      world.opening.erase(id), world.idle.erase(id), world.busy.erase(id);
      world.obey(world.pool.lost(id, *rc::gen::element(kBroken, kRefused), world.now));
      break;
    }
    case 4:
      if (!world.idle.empty()) world.pool.proven(pick(world.idle));
      break;
    default:
      world.now += *rc::gen::element<Duration>(1ms, 300ms, 5s, 61s);
      world.obey(world.pool.tick(world.now));
      RC_ASSERT(world.pool.next_deadline() > world.now);
  }
}

}  // namespace

TEST_CASE("whatever happens, every question ends once and no connection is used twice at a time") {
  CHECK(rc::check("any history", [] {
    World world;
    world.obey(world.pool.start(world.now));
    std::uint64_t tickets = 0;
    const int steps = *rc::gen::inRange(0, 150);
    for (int i = 0; i < steps; ++i) step(world, tickets);
    world.now += 11s;
    world.obey(world.pool.tick(world.now));
    RC_ASSERT(world.ended == world.asked);
  }));
}
