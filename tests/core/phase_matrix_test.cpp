// Every phase meets every event, and what becomes of it is written into docs/lane-states.md. The test fails when that
// file is not current; EXITGATE_UPDATE_DOCS=1 rewrites it.
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "lane_world.hpp"

namespace exitgate::test {
namespace {

struct Situation {
  const char* name;
  std::function<void(LaneWorld&)> enter;
};
struct Happening {
  const char* name;
  std::function<void(LaneWorld&)> happen;
  Duration wait = milliseconds{60};
};

void until(LaneWorld& world, Phase phase) {
  REQUIRE(world.run_until([&] { return world.phase() == phase; }));
}
void idle(LaneWorld& world) { until(world, Phase::kIdle); }
void bind_cart(LaneWorld& world) {
  idle(world);
  world.beacon(117, BeaconState::kShopping);
  world.run(milliseconds{600});
}
void decide(LaneWorld& world) {
  bind_cart(world);
  world.set(kApproach, true);
  until(world, Phase::kDeciding);
}
void admit(LaneWorld& world) {
  decide(world);
  world.push(closure(117, 1, 1));
  until(world, Phase::kAdmitting);
}
void pass(LaneWorld& world) {
  admit(world);
  until(world, Phase::kPassing);
}
void clear(LaneWorld& world) {
  pass(world);
  world.walk_through();
  // Somebody stays in the swept area until the passage is counted, or closing would follow in the same step.
  world.set(kSafety, true);
  until(world, Phase::kClearing);
  world.set(kSafety, false);
  world.run(milliseconds{50});
}
void close(LaneWorld& world) {
  clear(world);
  until(world, Phase::kClosing);
}

std::vector<Situation> situations() {
  return {{"recovering", [](LaneWorld& w) { w.run(milliseconds{100}); }},
          {"idle", idle},
          {"present",
           [](LaneWorld& w) {
             idle(w);
             w.set(kApproach, true);
             until(w, Phase::kPresent);
           }},
          {"deciding", decide},
          {"refused",
           [](LaneWorld& w) {
             w.backend = [](const ConfirmRequest&) { return Refuse{RefuseReason::kSessionOpen}; };
             bind_cart(w);
             w.set(kApproach, true);
             until(w, Phase::kRefused);
             w.run(milliseconds{20});  // a closure ends a refusal only if it came later
           }},
          {"admitting", admit},
          {"passing", pass},
          {"clearing", clear},
          {"closing", close},
          {"released",
           [](LaneWorld& w) {
             idle(w);
             w.set(kRelease, true);
             until(w, Phase::kReleased);
             w.set(kRelease, false);
             w.run(milliseconds{100});
           }},
          {"held_open",
           [](LaneWorld& w) {
             idle(w);
             REQUIRE(w.command(StaffVerb::kHoldOpen).has_value());
           }},
          {"faulted",
           [](LaneWorld& w) {
             idle(w);
             w.contradict_limits(true);
             until(w, Phase::kFaulted);
           }},
          {"out_of_service", [](LaneWorld& w) {
             idle(w);
             REQUIRE(w.command(StaffVerb::kOutOfService).has_value());
           }}};
}

Happening staff(const char* name, StaffVerb verb) {
  return {name, [verb](LaneWorld& w) { (void)w.command(verb, LaneMode::kMixed); }, milliseconds{0}};
}
Happening answer(const char* name, ConfirmAnswer reply) {
  return {name, [reply](LaneWorld& w) {
            if (!w.asked.empty()) w.answer(w.asked.size() - 1, reply);
          }};
}

std::vector<Happening> happenings() {
  return {{"approach blocked", [](LaneWorld& w) { w.set(kApproach, true); }},
          {"approach clear for 500 ms", [](LaneWorld& w) { w.set(kApproach, false); }, milliseconds{560}},
          {"safety blocked", [](LaneWorld& w) { w.set(kSafety, true); }},
          {"exit blocked", [](LaneWorld& w) { w.set(kExit, true); }},
          {"fire alarm", [](LaneWorld& w) { w.set(kFire, true); }},
          {"release pressed", [](LaneWorld& w) { w.set(kRelease, true); }},
          {"staff key on", [](LaneWorld& w) { w.set(kStaffKey, true); }},
          staff("staff open", StaffVerb::kOpen),
          staff("staff hold-open", StaffVerb::kHoldOpen),
          staff("staff release-hold", StaffVerb::kReleaseHold),
          staff("staff out-of-service", StaffVerb::kOutOfService),
          staff("staff in-service", StaffVerb::kInService),
          staff("staff reset", StaffVerb::kReset),
          staff("staff mode", StaffVerb::kMode),
          {"closure pushed", [](LaneWorld& w) { w.push(closure(117, 1, 1)); }, milliseconds{0}},
          {"session revoked", [](LaneWorld& w) { w.push(Revocation{session(1)}); }},
          answer("answer: admit", admit_answer(1)),
          answer("answer: refuse", Refuse{RefuseReason::kInspection}),
          answer("no answer", NoAnswer{}),
          {"device silent for 1 s", [](LaneWorld& w) { w.device(false); }, milliseconds{1100}},
          {"device silent for 200 ms, then back",
           [](LaneWorld& w) {
             w.device(false);
             w.run(milliseconds{200});
             w.device(true);
           }},
          {"both limits active for 500 ms", [](LaneWorld& w) { w.contradict_limits(true); }, milliseconds{560}},
          {"barrier leaves closed",
           [](LaneWorld& w) {
             w.barrier_jammed = true;
             w.force_position(0, 0.5);
           },
           milliseconds{160}},
          {"disk fails", [](LaneWorld& w) { w.disk_fails("storage_full"); }, milliseconds{0}}};
}

std::string become(const Situation& situation, const Happening& happening) {
  LaneWorld world;
  situation.enter(world);
  REQUIRE(to_string(world.phase()) == situation.name);
  const auto shown = world.events.size();
  happening.happen(world);
  if (happening.wait > Duration{0}) world.run(happening.wait);
  std::string way;
  for (auto i = shown; i < world.events.size(); ++i) {
    const auto& event = world.events[i];
    if (event.type != PublicEventType::kPhase) continue;
    const auto& to = std::get<std::string>(event.fields[0].second);
    if (to != std::get<std::string>(event.fields[1].second)) way += (way.empty() ? "" : " → ") + to;
  }
  return way.empty() ? "—" : way;
}

std::string render() {
  std::ostringstream page;
  page << "# Lane states\n\n"
          "What each phase of a lane becomes when an event meets it. Written by `tests/core/phase_matrix_test.cpp`, "
          "which\n"
          "drives a cart lane with limit contacts into every phase and lets every event happen; "
          "`EXITGATE_UPDATE_DOCS=1`\n"
          "rewrites this file. Several phases in a cell are passed one after the other while the event takes effect;\n"
          "a few of them are the lane's own next phase that would have come without it too.\n\n"
          "| event |";
  for (const auto& s : situations()) page << " " << s.name << " |";
  page << "\n|---|";
  for (std::size_t i = 0; i < situations().size(); ++i) page << "---|";
  page << "\n";
  for (const auto& h : happenings()) {
    page << "| " << h.name << " |";
    for (const auto& s : situations()) page << " " << become(s, h) << " |";
    page << "\n";
  }
  page << "\n## Why an event changes nothing (—)\n\n"
          "- **approach**: a blocked approach is never a reason to open; recovering, closed overrides and an exit "
          "under way\n"
          "  do not wait for it. While party is left, whoever comes is the party.\n"
          "- **safety, exit**: they count in clearing (the close delay starts anew), closing (safety opens again) and\n"
          "  recovering (after 300 ms); elsewhere the barrier is not moved by them. Alone they are an `intrusion` "
          "event.\n"
          "- **fire, release**: nothing is stronger than released.\n"
          "- **staff key**: a stronger override stands.\n"
          "- **staff commands**: refused with 409 and the reason, and never kept for later; a weaker override that is "
          "set\n"
          "  under a stronger one takes effect when that one ends.\n"
          "- **closure, revoked, answers**: they concern the shopper who is being decided about; nobody is closed on "
          "by them,\n"
          "  and an answer that no question of this lane waits for is dropped.\n"
          "- **device, limits**: an override that shows already is stronger, or the loss is shorter than "
          "`device_lost_ms`.\n"
          "- **barrier leaves closed**: it is open, or travels, by command.\n"
          "- **disk**: exits go on; receipts are kept in memory.\n";
  return page.str();
}

}  // namespace

TEST_CASE("every phase meets every event as docs/lane-states.md says") {
  const std::string path = EXITGATE_SOURCE_DIR "/docs/lane-states.md";
  const auto current = render();
  if (std::getenv("EXITGATE_UPDATE_DOCS") != nullptr) std::ofstream(path) << current;
  std::ifstream file(path);
  std::ostringstream written;
  written << file.rdbuf();
  INFO("run this test with EXITGATE_UPDATE_DOCS=1 and look at the difference");
  CHECK(written.str() == current);
}

}  // namespace exitgate::test
