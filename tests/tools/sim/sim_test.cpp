// The simulator: a seed is a seed, clean seeds run clean, and the oracle bites.
#include <catch2/catch_test_macros.hpp>

#include "tools/sim/options.hpp"

namespace exitgate::sim {
namespace {

Options calm(std::uint64_t seed, int exits) {
  Options options;
  options.seed = seed;
  options.exits = exits;
  options.faults.fill(false);
  return options;
}

std::string caught(Mutation mutation, const char* by) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    auto options = calm(seed, 60);
    options.mutation = mutation;
    const auto found = run_seed(options).violation;
    if (found.find(by) != std::string::npos) return by;
  }
  return "nothing";
}

}  // namespace

TEST_CASE("the same seed gives the same trace twice, and another seed another") {
  auto options = calm(7, 20);
  options.trace = true;
  const auto once = run_seed(options).trace;
  REQUIRE(once.size() > 100);
  CHECK(once == run_seed(options).trace);
  options.seed = 8;
  CHECK(once != run_seed(options).trace);
}

TEST_CASE("a trace of bounded length is the end of the whole one") {
  auto options = calm(7, 20);
  options.boxes = 1;
  options.trace = true;
  const auto whole = run_seed(options).trace;
  options.trace_lines = 40;
  const auto end = run_seed(options).trace;
  REQUIRE(whole.size() > 100);
  CHECK(end == std::vector(whole.end() - 40, whole.end()));
}

TEST_CASE("seeds without faults run clean") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto report = run_seed(calm(seed, 60));
    CAPTURE(seed);
    CHECK(report.violation.empty());
    CHECK(report.exits >= 60);
  }
}

TEST_CASE("people are counted exactly while carts are heard badly and in neighbouring lanes (seeds 7 and 9)") {
  for (const std::uint64_t seed : {7, 9}) {
    auto options = calm(seed, 150);
    options.faults[static_cast<std::size_t>(FaultKind::kRadio)] = true;
    CAPTURE(seed);
    CHECK(run_seed(options).violation == "");
  }
}

TEST_CASE("the oracle bites: commands to open that get lost") { CHECK(caught(Mutation::kDropOpen, "S") == "S"); }
TEST_CASE("the oracle bites: a barrier closed on somebody") { CHECK(caught(Mutation::kCloseOnSomebody, "S1") == "S1"); }
TEST_CASE("the oracle bites: a sealed receipt the disk loses") { CHECK(caught(Mutation::kLoseReceipt, "S6") == "S6"); }
TEST_CASE("the oracle bites: a receipt stored twice") { CHECK(caught(Mutation::kDoubleReceipt, "S6") == "S6"); }
TEST_CASE("the oracle bites: the answer about another shopper") {
  CHECK(caught(Mutation::kAnswerForNext, "S3") == "S3");
}
TEST_CASE("the oracle bites: openings without a receipt") { CHECK(caught(Mutation::kForgetOpen, "S5") == "S5"); }

}  // namespace exitgate::sim
