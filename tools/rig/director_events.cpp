// The part of the director that is not about shoppers: alarms, staff, outages, cables; and how everything ended.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "tools/rig/director.hpp"

namespace exitgate::rig {
namespace json = boost::json;
namespace {

std::string tenths(Duration d) {
  const auto tenth = to_ms(d) / 100;
  return std::to_string(tenth / 10) + "." + std::to_string(tenth % 10) + " s";
}

std::string named(const EventSpec& event) {
  switch (event.kind) {
    case EventKind::kFireAlarm:
      return event.on ? "fire alarm" : "fire alarm over";
    case EventKind::kRelease:
      return std::string(event.on ? "release pressed, lane " : "release restored, lane ") + event.part;
    case EventKind::kStaffKey:
      return std::string(event.on ? "staff key on, lane " : "staff key off, lane ") + event.part;
    case EventKind::kCommand:
      return event.by + ": " + event.command + " lane " + event.part;
    case EventKind::kBackend:
      return event.on ? "backend is back" : "backend goes down";
    case EventKind::kPlug:
      return event.part + (event.on ? " plugged in" : " unplugged");
    case EventKind::kHang:
      return event.part + (event.on ? " hangs" : " revived");
    case EventKind::kRevoke:
      break;
  }
  return "session of " + event.part + " revoked";
}

}  // namespace

void Director::plan_event(const EventSpec& event) {
  const EventSpec* const what = &event;
  actions_.push_back({event.at, [this, what](MonoTime) { act_event(*what); }});
}

void Director::act_event(const EventSpec& event) {
  say_(named(event));
  switch (event.kind) {
    case EventKind::kFireAlarm:
      return plant_.fire_alarm(event.on);
    case EventKind::kRelease:
      return plant_.lane(event.part)->model.press_release(event.on);
    case EventKind::kStaffKey:
      return plant_.lane(event.part)->model.turn_staff_key(event.on);
    case EventKind::kCommand:
      return act_command(event);
    case EventKind::kBackend:
      return call(peers_.backend, "/admin/faults", event.on ? R"({"down":false})" : R"({"down":true})");
    case EventKind::kPlug:
      return plant_.plug(event.part, event.on);
    case EventKind::kHang:
      return plant_.hang(event.part, event.on);
    case EventKind::kRevoke:
      break;
  }
  for (const auto& run : runs_) {
    if (run.spec->id != event.part) continue;
    call(peers_.backend, "/admin/revoke", json::serialize(json::object{{"session_id", to_string(run.session_id)}}));
  }
}

void Director::act_command(const EventSpec& event) {
  const json::object object{{"command", event.command}, {"by", event.by}, {"reason", event.reason}};
  call(peers_.control, "/api/v1/lanes/" + event.part + "/commands", json::serialize(object));
}

std::vector<Ending> Director::endings() const {
  std::vector<Ending> all;
  for (const auto& run : runs_) all.push_back(ending_of(run));
  for (const auto& event : scenario_.events) {
    if (event.receipts.empty()) continue;
    Ending ending;
    ending.who = named(event);
    ending.expected = std::to_string(event.receipts.size()) + (event.receipts.size() == 1 ? " receipt" : " receipts");
    ending.happened = "done";
    ending.receipts = event.receipts;
    all.push_back(std::move(ending));
  }
  for (const auto& lane : plant_.lanes()) {
    if (lane.model.struck() == 0) continue;
    all.push_back({"lane " + lane.spec.id, "touches nobody", "STRUCK somebody", false, {}, {}});
  }
  return all;
}

Ending Director::ending_of(const Run& run) const {
  const LaneModel& model = std::as_const(plant_).lane(run.spec->lane)->model;
  Ending ending;
  ending.who = run.spec->id;
  ending.expected = std::string(to_string(run.spec->expect));
  ending.session_id = run.session_seen;
  ending.receipts = run.spec->receipts;
  std::size_t through = 0;
  bool refused = false;
  Duration waited{0};
  for (const auto index : run.walkers) {
    const Walker& walker = model.walkers().at(index);
    if (walker.through_at) ++through;
    refused = refused || walker.red_while_waiting;
    waited = std::max(waited, walker.longest_wait);
  }
  const bool all_through = !run.walkers.empty() && through == run.walkers.size();
  switch (run.spec->expect) {
    case Expectation::kPasses:
      ending.as_expected = all_through && !refused;
      break;
    case Expectation::kRefusedThenPasses:
      ending.as_expected = all_through && refused;
      break;
    case Expectation::kStays:
      ending.as_expected = run.entered && through == 0;
      break;
    case Expectation::kEnters:
      ending.as_expected = all_through;
      break;
    case Expectation::kObstructs:
      ending.as_expected = run.reach && model.reaches().at(*run.reach).ended && model.reaches().at(*run.reach).reopened;
      break;
  }
  if (run.spec->kind == ShopperKind::kObstruct) {
    ending.happened = ending.as_expected ? "barrier gave way" : "barrier did not give way";
  } else if (through == 0) {
    ending.happened = refused ? "refused, stayed" : "stayed";
  } else {
    ending.happened = refused ? "refused, passed" : run.spec->kind == ShopperKind::kWrongWay ? "entered" : "passed";
    if (run.walkers.size() > 1)
      ending.happened += " " + std::to_string(through) + "/" + std::to_string(run.walkers.size());
  }
  if (waited > Duration{0}) ending.happened += ", waited " + tenths(waited);
  return ending;
}

}  // namespace exitgate::rig
