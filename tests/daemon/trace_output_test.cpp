// Recordings become text or files on a thread of their own; of files the newest three stay.
#include "daemon/trace_output.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <fstream>
#include <optional>
#include <set>

#include "receipts/receipt_samples.hpp"

namespace exitgate::daemon {
namespace {

using namespace test;

struct Output {
  TemporaryFolder folder;
  boost::asio::io_context io;
  std::filesystem::path path = std::filesystem::path(folder.file("x")).parent_path();
  std::unique_ptr<TraceOutput> output = std::make_unique<TraceOutput>(io, path);

  static trace::Recording recording(std::size_t steps) {
    struct NoIds final : IdSource {
      Uuid next(WallTime /*at*/) override { return {}; }
    } ids;
    auto config = std::make_shared<const GateConfig>();
    auto block = std::make_shared<trace::Block>();
    block->start = std::make_shared<const Controller>(config, LoadedState{}, Uuid{}, ids, Now{});
    block->steps.resize(steps, {.event = Tick{}, .now = {}, .ids = {}, .commands = {}});
    return {block};
  }
  Result<std::string> wait(const std::optional<Result<std::string>>& result) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!result && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(std::chrono::seconds{1});
    }
    REQUIRE(result);
    return *result;
  }
  Result<std::string> file(std::size_t steps) {
    std::optional<Result<std::string>> result;
    output->file(recording(steps), {}, [&](Result<std::string> done) { result = std::move(done); });
    return wait(result);
  }
  [[nodiscard]] std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path)) found.insert(entry.path().filename().string());
    return found;
  }
};

}  // namespace

TEST_CASE("the text of a recording has a line for each step between its head and its end") {
  Output run;
  std::optional<Result<std::string>> result;
  run.output->text(Output::recording(3), {}, [&](Result<std::string> done) { result = std::move(done); });
  CHECK_FALSE(result);
  std::optional<Result<std::string>> second;
  run.output->text(Output::recording(3), {}, [&](Result<std::string> done) { second = std::move(done); });
  REQUIRE(second);
  CHECK(second->error().code == "busy");
  const auto text = run.wait(result);
  REQUIRE(text);
  CHECK(std::count(text->begin(), text->end(), '\n') == 6);
  CHECK(text->ends_with("{\"end\":3}\n"));
}

TEST_CASE("where nothing is recorded that is said") {
  Output run;
  std::optional<Result<std::string>> result;
  run.output->text({}, {}, [&](Result<std::string> done) { result = std::move(done); });
  CHECK(run.wait(result).error().code == "trace_empty");
}

TEST_CASE("of the files of broken invariants the newest three are kept, whatever the clock says") {
  Output run;
  std::ofstream(run.path / "trace-notes.jsonl") << "somebody's own\n";
  std::ofstream(run.path / "trace.part") << "left behind by a kill\n";
  for (int i = 0; i < 5; ++i) REQUIRE(run.file(2));
  CHECK(run.names() ==
        std::set<std::string>{"trace-000003.jsonl", "trace-000004.jsonl", "trace-000005.jsonl", "trace-notes.jsonl"});
  CHECK(*run.file(1) == (run.path / "trace-000006.jsonl").string());
}

TEST_CASE("a file that can't be written is told and leaves nothing behind") {
  Output run;
  std::filesystem::create_directory(run.path / "trace.part");
  CHECK(run.file(1).error().code == "not_written");
  CHECK_FALSE(run.names().contains("trace-000001.jsonl"));
}

TEST_CASE("ending while a recording is written does not wait for all of it") {
  Output run;
  run.output->text(Output::recording(50000), {}, [](const Result<std::string>&) { FAIL("told after the end"); });
  const auto begun = std::chrono::steady_clock::now();
  run.output.reset();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{5});
  run.io.restart();
  run.io.run();
}

}  // namespace exitgate::daemon
