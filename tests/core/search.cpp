#include "search.hpp"

#include <algorithm>

namespace exitgate::test {
namespace {

constexpr int kTurnsAtMost = 40;
/// See staff after 60 s on an admission that was not used.
constexpr int kTurnsStanding = 700;
constexpr int kTurnsToRest = 450;
constexpr int kTurnsInside = 8;
constexpr int kTurnsBehind = 5;

}  // namespace

void Search::wait(SearchWorld& world) const {
  const auto before = world.key();
  const bool standing = world.phase() == Phase::kPassing && world.lane().eyes().approach_blocked();
  const int at_most = standing ? kTurnsStanding : kTurnsAtMost;
  for (int i = 0; i < at_most && world.key() == before && world.wrong().empty(); ++i) world.turn();
}

std::string Search::path(std::size_t id) const {
  std::vector<Input> way;
  while (id != 0) {
    way.push_back(origins_[id].input);
    id = origins_[id].from;
  }
  std::string text;
  for (auto input = way.rbegin(); input != way.rend(); ++input)
    text += (text.empty() ? "" : ", ") + std::string(to_string(*input));
  return text;
}

std::string Search::come_to_rest(SearchWorld& world, std::vector<std::string>& way) const {
  for (int i = 0; i < kTurnsToRest; ++i) {
    if (!world.wrong().empty()) return world.wrong();
    const bool by_name = world.phase() == Phase::kReleased || world.phase() == Phase::kHeldOpen ||
                         world.phase() == Phase::kOutOfService || world.phase() == Phase::kFaulted;
    // What stays until a name resets it is reset once it has settled.
    if (by_name && i % 50 == 49) {
      for (const auto verb : {StaffVerb::kReleaseHold, StaffVerb::kInService, StaffVerb::kReset})
        (void)world.command(verb);
    }
    if (world.unrest().empty()) return "";
    auto key = world.key();
    if (restful_.contains(key)) return "";
    if (way.empty() || way.back() != key) way.push_back(std::move(key));
    world.turn();
  }
  return "S10: all is normal again, and still " + world.unrest();
}

std::string Search::rests(SearchWorld world) {
  world.make_normal();
  std::vector<std::string> way;
  auto wrong = come_to_rest(world, way);
  if (wrong.empty()) restful_.insert(way.begin(), way.end());
  return wrong;
}

std::string Search::lets_out(SearchWorld world) {
  world.set_eye(kExit, false);  // whoever stands there already leaves nothing
  world.set_eye(kSafety, true);
  if (world.barrier_closed()) return "somebody steps under the barrier and it goes on closing";
  for (int i = 0; i < kTurnsInside && world.wrong().empty(); ++i) {
    world.turn();
    if (world.barrier_closed()) return "the barrier closes on somebody in the swept area";
  }
  if (world.position() != 2) return "the barrier does not open for somebody in the swept area";
  world.set_eye(kExit, true);
  world.set_eye(kSafety, false);
  for (int i = 0; i < kTurnsBehind && world.wrong().empty(); ++i) {
    world.turn();
    if (world.barrier_closed()) return "the barrier closes while somebody leaves by the exit";
  }
  return world.wrong();
}

bool Search::arrive(SearchWorld&& world, std::size_t from, Input input) {
  ++result_.transitions;
  auto report = [&](const std::string& what) {
    const auto before = path(from);
    result_.wrong = what + " after: " + before + (before.empty() ? "" : ", ") + to_string(input);
    return false;
  };
  if (!world.wrong().empty()) return report(world.wrong());
  auto key = world.key();
  if (known_.contains(key)) return true;
  const auto id = origins_.size();
  known_.emplace(std::move(key), id);
  origins_.push_back({from, input, id == 0 ? 0 : origins_[from].depth + 1});
  result_.depth = std::max(result_.depth, origins_.back().depth);

  if (const auto wrong = rests(world); !wrong.empty()) return report("[calm] " + wrong);
  ++result_.calm_runs;
  const bool judged = !options_.lane.pulse && world.device_well() && world.barrier_well() && world.open_or_opening();
  if (judged) {
    if (const auto wrong = lets_out(world); !wrong.empty()) return report("[person inside] " + wrong);
    ++result_.person_runs;
  }
  frontier_.push_back({std::move(world), id});
  return true;
}

bool Search::expand(const Node& node) {
  for (const auto input : options_.inputs) {
    if (input != Input::kWait && !node.world.possible(input)) continue;
    SearchWorld next = node.world;
    if (input == Input::kWait) {
      wait(next);
    } else {
      next.apply(input);
    }
    if (!arrive(std::move(next), node.id, input)) return false;
  }
  return true;
}

SearchResult Search::run() {
  bool well = arrive(SearchWorld(options_), 0, Input::kMoment);
  while (well && !frontier_.empty()) {
    if (options_.states_at_most != 0 && known_.size() >= options_.states_at_most) break;
    const Node node = std::move(frontier_.front());
    frontier_.pop_front();
    well = expand(node);
  }
  result_.states = known_.size();
  result_.complete = well && frontier_.empty();
  return result_;
}

}  // namespace exitgate::test
