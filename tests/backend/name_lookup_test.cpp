// Looking a host name up: what callers get while the resolver takes its time. The resolver is held by the test.
#include "backend/name_lookup.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>
#include <semaphore>

namespace exitgate {
namespace {

using Addresses = std::vector<std::string>;
using Answer = Result<Addresses>;

/// Answers each lookup with what the test sets, once it does.
class HeldResolver {
 public:
  [[nodiscard]] NameLookup::Resolver resolver() {
    return [state = state_](const std::string&) {
      state->asked.release();
      state->let_go.acquire();
      return state->answer;
    };
  }
  /// Waits for a lookup to be out, then lets it end and runs the loop until everybody was told.
  void answer(boost::asio::io_context& loop, Answer with, const std::vector<Answer>& told, std::size_t callers) {
    state_->asked.acquire();
    state_->answer = std::move(with);
    state_->let_go.release();
    loop.restart();
    const auto guard = boost::asio::make_work_guard(loop);
    while (told.size() < callers) {
      REQUIRE(loop.run_one_for(std::chrono::seconds{60}) == 1);
    }
  }
  void let_go() { state_->let_go.release(); }

 private:
  struct State {
    std::counting_semaphore<> asked{0};
    std::counting_semaphore<> let_go{0};
    Answer answer = Addresses{};
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

struct World {
  boost::asio::io_context loop;
  HeldResolver held;
  NameLookup lookup{loop, "backend.example", held.resolver()};
  std::vector<Answer> told;
  void ask() {
    lookup.resolve([this](Answer answer) { told.push_back(std::move(answer)); });
  }
};

}  // namespace

TEST_CASE("callers while a lookup is out share its answer") {
  World world;
  world.ask();
  world.ask();
  CHECK(world.told.empty());
  world.held.answer(world.loop, Addresses{"192.0.2.1"}, world.told, 2);
  CHECK(*world.told[0] == Addresses{"192.0.2.1"});
  CHECK(*world.told[1] == Addresses{"192.0.2.1"});
}

TEST_CASE("while a lookup hangs those who ask next get the last good answer at once") {
  World world;
  world.ask();
  world.held.answer(world.loop, Addresses{"192.0.2.1"}, world.told, 1);
  world.ask();
  CHECK(world.told.size() == 1);
  for (int i = 0; i < 1000; ++i) world.ask();
  REQUIRE(world.told.size() == 1001);
  CHECK(*world.told.back() == Addresses{"192.0.2.1"});
  world.held.answer(world.loop, fail("backend_lookup", "no such host"), world.told, 1002);
  CHECK(*world.told.back() == Addresses{"192.0.2.1"});
}

TEST_CASE("a lookup that hangs from the start keeps no more than sixty-four waiting; the others hear what is wrong") {
  World world;
  for (int i = 0; i < 70; ++i) world.ask();
  REQUIRE(world.told.size() == 6);
  CHECK(world.told.front().error().code == "backend_lookup");
  CHECK(world.told.front().error().message.find("check the box's DNS") != std::string::npos);
  world.held.answer(world.loop, Addresses{"192.0.2.1"}, world.told, 70);
  CHECK(*world.told.back() == Addresses{"192.0.2.1"});
}

TEST_CASE("an address is its own answer; nobody is told once the lookup is gone") {
  World world;
  NameLookup address(world.loop, "192.0.2.7");
  address.resolve([&](Answer answer) { world.told.push_back(std::move(answer)); });
  REQUIRE(world.told.size() == 1);
  CHECK(*world.told.front() == Addresses{"192.0.2.7"});
  HeldResolver held;
  {
    NameLookup gone(world.loop, "backend.example", held.resolver());
    gone.resolve([&](Answer answer) { world.told.push_back(std::move(answer)); });
  }
  held.let_go();
  world.loop.run();
  CHECK(world.told.size() == 1);
}

}  // namespace exitgate
