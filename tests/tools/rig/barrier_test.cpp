#include "tools/rig/barrier.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace exitgate;
using namespace exitgate::rig;
using std::chrono::seconds;

namespace {

/// Steps in 10 ms until `until`.
MonoTime run(Barrier& barrier, const BarrierDrive& drive, MonoTime from, Duration length) {
  MonoTime now = from;
  for (; now < from + length; now += milliseconds{10}) barrier.step(drive, now);
  return now;
}

}  // namespace

TEST_CASE("a maintained barrier without current is open, and closes in its travel time") {
  Barrier barrier({.open_travel = milliseconds{500}, .close_travel = milliseconds{1000}});
  MonoTime now = run(barrier, {.coil_closes = false}, MonoTime{}, milliseconds{100});
  CHECK(barrier.open_contact());
  now = run(barrier, {.coil_closes = true}, now, milliseconds{500});
  CHECK_FALSE(barrier.open_contact());
  CHECK_FALSE(barrier.closed_contact());
  CHECK(barrier.closing());
  run(barrier, {.coil_closes = true}, now, milliseconds{600});
  CHECK(barrier.closed_contact());
}

TEST_CASE("a barrier that is told to open while closing turns round and counts it") {
  Barrier barrier({.open_travel = milliseconds{500}, .close_travel = milliseconds{1000}});
  MonoTime now = run(barrier, {.coil_closes = true}, MonoTime{}, milliseconds{400});
  now = run(barrier, {.coil_closes = false}, now, milliseconds{600});
  CHECK(barrier.open_contact());
  CHECK(barrier.reopenings() == 1);
}

TEST_CASE("a pulse gate lets one person through per pulse and gives one count contact") {
  Barrier gate({.drive = Drive::kPulse, .open_travel = milliseconds{300}, .close_travel = milliseconds{300}});
  MonoTime now = run(gate, {}, MonoTime{}, seconds{1});
  CHECK(gate.closed_contact());
  now = run(gate, {.open_pulse = true}, now, milliseconds{100});
  now = run(gate, {}, now, milliseconds{400});
  CHECK(gate.open_contact());
  gate.person_left(now);
  CHECK(gate.passage_contact());
  now = run(gate, {}, now, milliseconds{90});
  CHECK(gate.passage_contact());
  now = run(gate, {}, now, milliseconds{400});
  CHECK_FALSE(gate.passage_contact());
  CHECK(gate.closed_contact());
}

TEST_CASE("a pulse gate closes again when nobody comes, and keeps at most three pulses") {
  Barrier gate({.drive = Drive::kPulse, .unit_waits = seconds{5}});
  MonoTime now{};
  for (int i = 0; i < 5; ++i) {
    now = run(gate, {.open_pulse = true}, now, milliseconds{100});
    now = run(gate, {}, now, milliseconds{100});
  }
  CHECK(gate.stored_passages() == 3);
  run(gate, {}, now, seconds{7});
  CHECK(gate.stored_passages() == 0);
  CHECK(gate.closed_contact());
}

TEST_CASE("a pulse gate whose hold-open wire loses its current opens and stays open") {
  Barrier gate({.drive = Drive::kPulse});
  MonoTime now = run(gate, {}, MonoTime{}, seconds{2});
  CHECK(gate.closed_contact());
  now = run(gate, {.hold_open_closes = false}, now, seconds{60});
  CHECK(gate.open_contact());
}
