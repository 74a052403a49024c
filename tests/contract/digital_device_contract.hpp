// The contract of hal/ports/digital_device.hpp as one suite, run against the fake and against every real driver.
//
// Use, in one .cpp file of a driver's test program:
//   class MyBench final : public exitgate::hal::DigitalDeviceBench { … };   // default constructible
//   using ContractBenches = std::tuple<MyBench>;
//   #include "contract/digital_device_contract.hpp"
// See digital_device_bench.hpp for what a bench must do.
#pragma once

#include <algorithm>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "contract/digital_device_bench.hpp"
#include "contract/recorded_device.hpp"

namespace exitgate::hal::contract {

using Call = RecordedDevice::Call;
inline constexpr Duration kPatience = milliseconds{10000};  // an event that must come; far above what is expected

/// A bench with its device started and observed; stopped before either is gone.
template <class Bench>
struct Started {
  explicit Started(bool await_up = true) {
    bench.device().start(seen);
    if (await_up) REQUIRE(until([&] { return seen.up && seen.polls > 0; }));
  }
  ~Started() { bench.device().stop(); }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;

  [[nodiscard]] bool until(const std::function<bool()>& condition) { return bench.run_until(condition, kPatience); }

  Bench bench;
  RecordedDevice seen;
};

template <class Bench>
void lose(Started<Bench>& s) {
  s.bench.vanish();
  REQUIRE(s.until([&] { return s.seen.downs == 1; }));
}

TEMPLATE_LIST_TEST_CASE("start tells nothing by itself, then up, then the level of every input", "[contract]",
                        ContractBenches) {
  TestType bench;
  RecordedDevice seen;
  bench.set_input(1, true);
  bench.device().start(seen);
  CHECK(seen.calls.empty());
  REQUIRE(bench.run_until([&] { return seen.polls > 0; }, kPatience));
  REQUIRE(seen.calls.size() >= 2);
  CHECK(seen.calls[0] == Call::kUp);
  CHECK(seen.calls[1] == Call::kPolled);
  REQUIRE(seen.first_changes.size() == bench.input_count());
  for (PortIndex i = 0; i < bench.input_count(); ++i) CHECK(seen.levels.at(i) == (i == 1));
  bench.device().stop();
}

TEMPLATE_LIST_TEST_CASE("a change of an input is told once, with the level and a time not after the poll", "[contract]",
                        ContractBenches) {
  Started<TestType> s;
  const auto before = s.seen.polled_at;
  s.bench.set_input(0, true);
  REQUIRE(s.until([&] { return s.seen.reads(0, true); }));
  const auto change = s.seen.all_changes.back();
  CHECK(change.input == 0);
  CHECK(change.at <= s.seen.polled_at);
  CHECK(change.at >= before - milliseconds{1});
  s.bench.set_input(0, false);
  REQUIRE(s.until([&] { return s.seen.reads(0, false); }));
  CHECK_FALSE(s.seen.repeated_level);
}

TEMPLATE_LIST_TEST_CASE("polls go on when nothing changes, and say that nothing changed", "[contract]",
                        ContractBenches) {
  Started<TestType> s;
  const int polls = s.seen.polls;
  const auto from = s.seen.polled_at;
  REQUIRE(s.until([&] { return s.seen.polls >= polls + 5; }));
  CHECK(s.seen.last_changes.empty());
  CHECK(s.seen.polled_at > from);
  CHECK(s.seen.polled_at - from <= 5 * s.bench.poll_bound());
  CHECK_FALSE(s.seen.ages_go_back);
}

TEMPLATE_LIST_TEST_CASE("a write reaches the output and its end is told", "[contract]", ContractBenches) {
  Started<TestType> s;
  for (const bool high : {true, false, true}) {
    const auto told = s.seen.writes.size();
    s.bench.device().write(1, high);
    CHECK(s.seen.writes.size() == told);  // never from within write()
    REQUIRE(s.until([&] { return s.seen.writes.size() > told; }));
    CHECK(s.seen.writes.back().output == 1);
    CHECK(s.seen.writes.back().high == high);
    CHECK(s.seen.writes.back().status.has_value());
    CHECK(s.bench.output(1) == high);
  }
  CHECK_FALSE(s.bench.output(0));
}

TEMPLATE_LIST_TEST_CASE("of several writes to one output the last one counts and is the one whose end is told",
                        "[contract]", ContractBenches) {
  Started<TestType> s;
  for (const bool high : {true, false, true, false, true}) s.bench.device().write(0, high);
  REQUIRE(s.until([&] { return !s.seen.writes.empty() && s.seen.writes.back().high && s.bench.output(0); }));
  s.bench.run_for(3 * s.bench.poll_bound());
  CHECK(s.bench.output(0));
  CHECK(s.seen.writes.back().high);
  CHECK(s.seen.writes.back().status.has_value());
}

TEMPLATE_LIST_TEST_CASE("writes to all outputs at once all arrive", "[contract]", ContractBenches) {
  Started<TestType> s;
  for (PortIndex i = 0; i < s.bench.output_count(); ++i) s.bench.device().write(i, i % 2 == 0);
  REQUIRE(s.until([&] { return s.seen.writes.size() == s.bench.output_count(); }));
  for (PortIndex i = 0; i < s.bench.output_count(); ++i) CHECK(s.bench.output(i) == (i % 2 == 0));
  for (const auto& write : s.seen.writes) CHECK(write.status.has_value());
}

TEMPLATE_LIST_TEST_CASE("a reading of the outputs tells the level each one has now", "[contract]", ContractBenches) {
  Started<TestType> s;
  s.bench.device().write(1, true);
  REQUIRE(s.until([&] { return s.seen.writes.size() == 1; }));
  s.bench.device().read_outputs();
  REQUIRE(s.until([&] { return s.seen.output_readings == 1; }));
  REQUIRE(s.seen.outputs.size() == s.bench.output_count());
  for (const auto& level : s.seen.outputs) CHECK(level.high == (level.output == 1));
  if (s.bench.force_output(1, false)) {
    s.bench.device().read_outputs();
    REQUIRE(s.until([&] { return s.seen.output_readings == 2; }));
    CHECK(s.seen.outputs.at(1) == OutputLevel{1, false});
  }
}

TEMPLATE_LIST_TEST_CASE("a device that vanishes goes down once and tells nothing until it is up again", "[contract]",
                        ContractBenches) {
  Started<TestType> s;
  if (!s.bench.can_vanish()) SKIP("this medium can't vanish");
  lose(s);
  CHECK_FALSE(s.seen.last_error.code.empty());
  CHECK_FALSE(s.seen.last_error.message.empty());
  s.bench.run_for(milliseconds{300});
  CHECK(s.seen.downs == 1);
  CHECK(s.seen.ups == 1);
  CHECK_FALSE(s.seen.told_while_down);
}

TEMPLATE_LIST_TEST_CASE("a device that returns is up once and tells every input anew", "[contract]", ContractBenches) {
  Started<TestType> s;
  if (!s.bench.can_vanish()) SKIP("this medium can't vanish");
  lose(s);
  s.bench.set_input(0, true);
  s.bench.restore();
  REQUIRE(s.until([&] { return s.seen.ups == 2 && s.seen.reads(0, true); }));
  CHECK(s.seen.first_changes.size() == s.bench.input_count());
  CHECK(s.seen.downs == 1);
  CHECK_FALSE(s.seen.told_while_down);
}

TEMPLATE_LIST_TEST_CASE("a device that is away at the start is told as down, and as up when it comes", "[contract]",
                        ContractBenches) {
  TestType bench;
  if (!bench.can_vanish()) SKIP("this medium can't vanish");
  RecordedDevice seen;
  bench.vanish();
  bench.device().start(seen);
  REQUIRE(bench.run_until([&] { return seen.downs == 1; }, kPatience));
  CHECK(seen.calls.front() == Call::kDown);
  bench.restore();
  REQUIRE(bench.run_until([&] { return seen.up && seen.polls > 0; }, kPatience));
  CHECK(seen.ups == 1);
  CHECK(seen.downs == 1);
  bench.device().stop();
}

TEMPLATE_LIST_TEST_CASE("what was written while the device was away never goes out later", "[contract]",
                        ContractBenches) {
  Started<TestType> s;
  if (!s.bench.can_vanish()) SKIP("this medium can't vanish");
  s.bench.vanish();
  s.bench.device().write(0, true);  // before the loss is known
  REQUIRE(s.until([&] { return s.seen.downs == 1; }));
  s.bench.device().write(1, true);  // after
  s.bench.restore();
  REQUIRE(s.until([&] { return s.seen.ups == 2 && s.seen.polls_since_up >= 3; }));
  CHECK_FALSE(s.bench.output(0));
  CHECK_FALSE(s.bench.output(1));
  CHECK(s.seen.writes.empty());
  s.bench.device().write(1, true);
  REQUIRE(s.until([&] { return s.bench.output(1); }));
}

TEMPLATE_LIST_TEST_CASE("no callback comes after stop, and outputs stay as they are", "[contract]", ContractBenches) {
  TestType bench;
  RecordedDevice seen;
  bench.device().start(seen);
  REQUIRE(bench.run_until([&] { return seen.polls > 0; }, kPatience));
  bench.device().write(0, true);
  REQUIRE(bench.run_until([&] { return !seen.writes.empty(); }, kPatience));
  bench.device().stop();
  const auto calls = seen.calls.size();
  const int polls = seen.polls;
  bench.set_input(0, true);
  bench.run_for(5 * bench.poll_bound());
  CHECK(seen.calls.size() == calls);
  CHECK(seen.polls == polls);
  CHECK(bench.output(0));
}

}  // namespace exitgate::hal::contract
