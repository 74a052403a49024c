// What the contract of digital devices does not ask: names, bias, time stamps, full buffers, busy lines, kept outputs.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "contract/recorded_device.hpp"
#include "gpio_sim_bench.hpp"
#include "hal/gpiod/gpio_chip.hpp"

namespace exitgate::hal {
namespace {

using Catch::Matchers::ContainsSubstring;

GpiodSettings settings_for(const GpioSimChip& chip, std::vector<GpiodLine> inputs,
                           std::vector<GpiodLine> outputs = {}) {
  GpiodSettings out;
  out.name = "chip0";
  out.chip_path = chip.path();
  out.inputs = std::move(inputs);
  out.outputs = std::move(outputs);
  return out;
}

/// A device on a loop, observed, stopped at the end.
struct Running {
  explicit Running(GpiodSettings settings) {
    settings.notice = [this](const Error& error) { notices.push_back(error); };
    device = make_gpiod_device(loop.context(), std::move(settings));
    device->start(seen);
  }
  ~Running() { device->stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void await_up() {
    REQUIRE(loop.until([&] { return seen.polls_since_up > 0 && seen.up; }));
  }
  void await_down() {
    REQUIRE(loop.until([&] { return seen.downs == 1; }));
  }

  HilLoop loop;
  std::vector<Error> notices;
  RecordedDevice seen;
  std::unique_ptr<DigitalDevice> device;
};

TEST_CASE("lines are found by name and by number") {
  GpioSimChip chip(8, {{2, "EYE_A1"}, {5, "ALIVE"}});
  Running r(settings_for(chip, {{"EYE_A1"}, {3U}}, {{"ALIVE"}}));
  r.await_up();
  chip.pull(2, true);
  REQUIRE(r.loop.until([&] { return r.seen.reads(0, true); }));
  chip.pull(3, true);
  REQUIRE(r.loop.until([&] { return r.seen.reads(1, true); }));
  r.device->write(0, true);
  REQUIRE(r.loop.until([&] { return !r.seen.writes.empty(); }));
  CHECK(chip.level(5));
}

TEST_CASE("a name two lines have, and one that none has, are told as down with the reason") {
  GpioSimChip chip(4, {{0, "TWIN"}, {1, "TWIN"}});
  Running twin(settings_for(chip, {{"TWIN"}}));
  twin.await_down();
  CHECK(twin.seen.last_error.code == "gpiod_line_ambiguous");
  Running missing(settings_for(chip, {{"EYE_A1"}}));
  missing.await_down();
  CHECK(missing.seen.last_error.code == "gpiod_line_missing");
}

TEST_CASE("the bias that is asked for is in force") {
  GpioSimChip chip(3);
  chip.pull(1, true);
  Running r(settings_for(chip, {{0U, GpiodBias::kPullUp}, {1U, GpiodBias::kPullDown}, {2U}}));
  r.await_up();
  CHECK(r.seen.reads(0, true));
  CHECK(r.seen.reads(1, false));
  CHECK(r.seen.reads(2, false));
  CHECK(r.notices.empty());
}

TEST_CASE("a change carries the time of its edge, not that of its reading") {
  GpioSimChip chip(1);
  Running r(settings_for(chip, {{0U}}));
  r.await_up();
  const MonoTime before = hil_now();
  chip.pull(0, true);
  const MonoTime after = hil_now();
  while (hil_now() < after + milliseconds{200}) {
  }  // the loop is busy elsewhere
  REQUIRE(r.loop.until([&] { return r.seen.reads(0, true); }));
  CHECK(r.seen.all_changes.back().at >= before);
  CHECK(r.seen.all_changes.back().at <= after + milliseconds{50});
  CHECK(r.seen.polled_at >= after + milliseconds{200});
}

TEST_CASE("an edge is told at once, long before the next reading is due") {
  GpioSimChip chip(1);
  auto settings = settings_for(chip, {{0U}});
  settings.poll = std::chrono::hours{1};
  Running r(settings);
  r.await_up();
  chip.pull(0, true);
  CHECK(r.loop.until([&] { return r.seen.reads(0, true); }, milliseconds{2000}));
}

TEST_CASE("a pulse between two turns of the loop is told as both of its edges, in order") {
  GpioSimChip chip(1);
  Running r(settings_for(chip, {{0U}}));
  r.await_up();
  r.seen.all_changes.clear();
  chip.pull(0, true);
  chip.pull(0, false);
  const int polls = r.seen.polls;
  REQUIRE(r.loop.until([&] { return r.seen.polls >= polls + 3; }));
  CHECK(r.seen.reads(0, false));
  CHECK_FALSE(r.seen.repeated_level);
  REQUIRE(r.seen.all_changes.size() == 2);
  CHECK(r.seen.all_changes[0].high);
  CHECK(r.seen.all_changes[0].at <= r.seen.all_changes[1].at);
}

TEST_CASE("more edges than the kernel keeps: the level is right, and the loss is told once") {
  GpioSimChip chip(2);
  Running r(settings_for(chip, {{0U}, {1U}}));
  r.await_up();
  for (int burst = 0; burst < 2; ++burst) {
    for (int i = 0; i < 1001; ++i) chip.pull(0, (i + burst) % 2 == 0);
    REQUIRE(r.loop.until([&] { return r.seen.reads(0, burst == 0); }));
    r.loop.run_for(milliseconds{60});
    CHECK(r.seen.reads(0, burst == 0));
  }
  CHECK_FALSE(r.seen.repeated_level);
  CHECK_FALSE(r.seen.ages_go_back);
  REQUIRE(r.notices.size() == 1);
  CHECK(r.notices[0].code == "gpiod_events_lost");
  CHECK(r.seen.downs == 0);
}

TEST_CASE("a line that another program holds is told with its holder, and taken when it is free") {
  GpioSimChip chip(3, {{1, "EYE_X1"}});
  auto theirs = settings_for(chip, {{1U}});
  theirs.name = "other-program";
  Running other(theirs);
  other.await_up();
  Running r(settings_for(chip, {{0U}, {"EYE_X1"}}, {{2U}}));
  r.await_down();
  CHECK(r.seen.last_error.code == "gpiod_line_busy");
  CHECK_THAT(r.seen.last_error.message, ContainsSubstring("line 1 (EYE_X1) by \"exitgate other-program\""));
  other.device->stop();
  r.await_up();
  CHECK(r.seen.downs == 1);
  const auto lines = GpioChip::open(chip.path())->lines();
  REQUIRE(lines);
  CHECK((*lines)[1].consumer == "exitgate chip0");
  CHECK((*lines)[2].used);
}

TEST_CASE("an output that is on when the daemon comes stays on until it is written") {
  GpioSimChip chip(4);
  chip.pull(1, true);
  Running r(settings_for(chip, {{3U}}, {{0U}, {1U}}));
  r.await_up();
  CHECK_FALSE(chip.level(0));
  CHECK(chip.level(1));
  chip.pull(1, false);  // no more than a pull: the line is driven now
  CHECK(chip.level(1));
  r.device->read_outputs();
  REQUIRE(r.loop.until([&] { return r.seen.output_readings == 1; }));
  CHECK(r.seen.outputs == std::vector<OutputLevel>{{0, false}, {1, true}});
  r.device->write(1, false);
  REQUIRE(r.loop.until([&] { return !r.seen.writes.empty(); }));
  CHECK_FALSE(chip.level(1));
}

TEST_CASE("more lines than the kernel lends at once are all read and written") {
  constexpr unsigned kInputs = 70;
  constexpr unsigned kOutputs = 66;
  GpioSimChip chip(kInputs + kOutputs);
  std::vector<GpiodLine> inputs;
  std::vector<GpiodLine> outputs;
  for (unsigned i = 0; i < kInputs; ++i) inputs.push_back({i});
  for (unsigned i = 0; i < kOutputs; ++i) outputs.push_back({kInputs + i});
  chip.pull(68, true);
  Running r(settings_for(chip, inputs, outputs));
  r.await_up();
  CHECK(r.seen.first_changes.size() == kInputs);
  CHECK(r.seen.reads(68, true));
  chip.pull(69, true);
  chip.pull(1, true);
  REQUIRE(r.loop.until([&] { return r.seen.reads(69, true) && r.seen.reads(1, true); }));
  for (const PortIndex output : {PortIndex{0}, PortIndex{63}, PortIndex{64}, PortIndex{65}})
    r.device->write(output, true);
  REQUIRE(r.loop.until([&] { return r.seen.writes.size() == 4; }));
  for (const auto& write : r.seen.writes) CHECK(write.status.has_value());
  CHECK(chip.level(kInputs + 0));
  CHECK(chip.level(kInputs + 63));
  CHECK(chip.level(kInputs + 64));
  CHECK(chip.level(kInputs + 65));
  CHECK_FALSE(chip.level(kInputs + 62));
}

TEST_CASE("a chip with outputs alone is watched too") {
  GpioSimChip chip(2);
  Running r(settings_for(chip, {}, {{0U}}));
  r.await_up();
  chip.unplug();
  r.await_down();
  CHECK(r.seen.last_error.code == "gpiod_lost");
  CHECK_THAT(r.seen.last_error.message, ContainsSubstring("unplugged"));
  chip.plug_in();
  REQUIRE(r.loop.until([&] { return r.seen.ups == 2; }));
}

TEST_CASE("a chip that stays away is told as down once; a new reason is told as a notice") {
  GpioSimChip chip(2);
  Running r(settings_for(chip, {{0U}}));
  r.await_up();
  chip.unplug();
  r.await_down();
  REQUIRE(r.loop.until([&] { return !r.notices.empty(); }));
  r.loop.run_for(milliseconds{1000});
  CHECK(r.seen.downs == 1);
  REQUIRE(r.notices.size() == 1);
  CHECK(r.notices[0].code == "gpiod_open");
}

}  // namespace
}  // namespace exitgate::hal
