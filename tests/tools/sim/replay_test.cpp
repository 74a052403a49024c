// Recordings of whole storms replay step by step, from the start of a box and from within its life.
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "tools/sim/options.hpp"
#include "trace/dump.hpp"
#include "trace/replay.hpp"

namespace exitgate::sim {
namespace {

std::string dump_of(const Report& report) {
  std::string text;
  CHECK(trace::write_dump(report.recordings, {}, [&](std::string_view line) {
    text += line;
    return true;
  }));
  return text;
}

void replays_alike(const Options& options, std::uint64_t at_least) {
  CAPTURE(options.seed);
  std::istringstream dump(dump_of(run_seed(options)));
  const auto replayed = trace::replay(dump);
  REQUIRE(replayed);
  if (replayed->difference) {
    const auto& difference = *replayed->difference;
    FAIL("step " << difference.step << ", " << difference.what << ", " << difference.event << "\nrecorded "
                 << difference.recorded << "\nreplayed " << difference.replayed);
  }
  CHECK(replayed->steps >= at_least);
}

}  // namespace

TEST_CASE("a storm's recording replays alike") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Options options;
    options.seed = seed;
    options.exits = 25;
    options.trace = true;
    options.trace_bounds.steps = 4000;
    replays_alike(options, 1000);
  }
}

TEST_CASE("a start taken anywhere within a storm holds all that the controller acts on later") {
  for (std::uint64_t seed = 11; seed <= 30; ++seed) {
    Options options;
    options.seed = seed;
    options.exits = 25;
    options.trace = true;
    options.trace_bounds.steps = 600 + seed * 10;
    replays_alike(options, 100);
  }
}

}  // namespace exitgate::sim
