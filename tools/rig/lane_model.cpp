#include "tools/rig/lane_model.hpp"

#include <algorithm>

namespace exitgate::rig {
namespace {

constexpr Duration kLongestStep{milliseconds{100}};
// The lamp is red while a gate closes, too, and for a moment after its contact says closed.
constexpr Duration kRefusedAfter{milliseconds{300}};
constexpr double kStrikes = 0.35;  // a wing closed so far touches whoever stands in its way

bool at_or_past_line(const Walker& walker, double line_m) { return walker.front_m >= line_m - 1e-6; }

}  // namespace

void LaneModel::enter(const WalkerSpec& spec, MonoTime now) {
  Walker walker;
  walker.spec = spec;
  walker.front_m = spec.start_m;
  walker.entered_at = now;
  for (const auto& other : walkers_) {
    if (spec.way != Way::kOut || other.gone || other.spec.way != Way::kOut || other.turned_back) continue;
    walker.front_m = std::min(walker.front_m, other.tail_m() - spec.gap_m);
  }
  walkers_.push_back(std::move(walker));
}

void LaneModel::reach_in(const std::string& shopper, Duration lasts) {
  Reach reach;
  reach.shopper = shopper;
  reach.lasts = lasts;
  reaches_.push_back(std::move(reach));
}

LaneSignals LaneModel::step(const BarrierDrive& drive, const Lamps& lamps, MonoTime now) {
  const Duration passed = stepped_ ? std::min(now - at_, kLongestStep) : Duration{0};
  stepped_ = true;
  at_ = now;
  lamps_ = lamps;
  barrier_.step(drive, now);
  const double seconds = std::chrono::duration<double>(passed).count();
  for (std::size_t i = 0; i < walkers_.size(); ++i) {
    Walker& walker = walkers_[i];
    if (walker.gone) continue;
    const double step_m = walker.spec.speed_mps * seconds;
    if (walker.spec.way == Way::kIn) {
      walk_in(walker, step_m);
    } else if (walker.turned_back) {
      walk_back(walker, step_m);
    } else {
      walk_out(i, step_m, now);
    }
  }
  step_reaches(now);
  const bool touches = !barrier_.open_contact() && barrier_.closing() && barrier_.opening() <= kStrikes &&
                       !barrier_.closed_contact() && blocked(geometry_.safety_from_m, geometry_.safety_to_m);
  if (touches && !striking_) ++struck_;
  striking_ = touches;
  signals_ = read_signals();
  return signals_;
}

/// Nobody walks into the one ahead or into a barrier that is not open; who is past the stop line goes on.
void LaneModel::walk_out(std::size_t index, double step_m, MonoTime now) {
  Walker& walker = walkers_[index];
  double reachable_m = walker.front_m + step_m;
  for (std::size_t i = 0; i < index; ++i) {
    const Walker& ahead = walkers_[i];
    if (ahead.gone || ahead.spec.way != Way::kOut || ahead.turned_back) continue;
    reachable_m = std::min(reachable_m, ahead.tail_m() - walker.spec.gap_m);
  }
  const bool before_line = walker.front_m <= geometry_.stop_line_m + 1e-6;
  if (before_line && !barrier_.passable()) reachable_m = std::min(reachable_m, geometry_.stop_line_m);
  walker.front_m = std::max(walker.front_m, reachable_m);
  if (before_line) note_waiting(walker, now);
  if (!walker.through_at && walker.tail_m() > geometry_.exit_to_m) {
    walker.through_at = now;
    barrier_.person_left(now);
  }
  if (walker.tail_m() > geometry_.ends_m) walker.gone = true;
}

void LaneModel::note_waiting(Walker& walker, MonoTime now) {
  const bool at_line = at_or_past_line(walker, geometry_.stop_line_m);
  if (!at_line) return;
  if (barrier_.passable()) {
    if (!walker.green_since) walker.green_since = now;
    return;
  }
  if (!walker.waiting_since) walker.waiting_since = now;
  walker.longest_wait = std::max(walker.longest_wait, now - *walker.waiting_since);
  if (!lamps_.red || !barrier_.closed_contact()) {
    walker.red_since.reset();
  } else if (!walker.red_since) {
    walker.red_since = now;
  }
  if (walker.red_since && now - *walker.red_since >= kRefusedAfter && !walker.red_while_waiting)
    walker.red_while_waiting = now;
  if (now - *walker.waiting_since >= walker.spec.patience) walker.turned_back = true;
}

void LaneModel::walk_back(Walker& walker, double step_m) const {
  walker.front_m -= step_m;
  if (walker.front_m < -geometry_.ends_m) walker.gone = true;
}

/// Waits outside until the gate stands open and nobody is in it, then walks in.
void LaneModel::walk_in(Walker& walker, double step_m) {
  double reachable_m = walker.front_m - step_m;
  const bool before_line = walker.front_m >= geometry_.wrong_way_line_m - 1e-6;
  const bool free =
      barrier_.open_contact() && !barrier_.closing() &&
      std::none_of(walkers_.begin(), walkers_.end(), [&](const Walker& other) {
        return &other != &walker && !other.gone && other.covers(geometry_.approach_from_m, geometry_.exit_to_m + 0.1);
      });
  if (before_line && !free) reachable_m = std::max(reachable_m, geometry_.wrong_way_line_m);
  walker.front_m = std::min(walker.front_m, reachable_m);
  if (!walker.through_at && walker.tail_m() < geometry_.safety_from_m) walker.through_at = at_;
  if (walker.tail_m() < -geometry_.ends_m) walker.gone = true;
}

void LaneModel::step_reaches(MonoTime now) {
  for (auto& reach : reaches_) {
    if (reach.ended) continue;
    if (!reach.began_at) {
      if (!barrier_.closing() || barrier_.opening() > 0.9 || barrier_.opening() < 0.5) continue;
      reach.began_at = now;
      reach.reopenings_before = barrier_.reopenings();
    }
    reach.reopened = reach.reopened || barrier_.reopenings() > reach.reopenings_before;
    reach.ended = now - *reach.began_at >= reach.lasts;
    return;  // one at a time
  }
}

bool LaneModel::blocked(double from_m, double to_m) const {
  return std::any_of(walkers_.begin(), walkers_.end(),
                     [&](const Walker& walker) { return !walker.gone && walker.covers(from_m, to_m); });
}

LaneSignals LaneModel::read_signals() const {
  const bool reached =
      std::any_of(reaches_.begin(), reaches_.end(), [](const Reach& reach) { return reach.began_at && !reach.ended; });
  return LaneSignals{.approach = blocked(geometry_.approach_from_m, geometry_.approach_to_m),
                     .safety = reached || blocked(geometry_.safety_from_m, geometry_.safety_to_m),
                     .exit = blocked(geometry_.exit_from_m, geometry_.exit_to_m),
                     .passage = barrier_.passage_contact(),
                     .barrier_open = barrier_.open_contact(),
                     .barrier_closed = barrier_.closed_contact(),
                     .release = release_,
                     .staff_key = staff_key_};
}

void LaneModel::forget() {
  if (!empty()) return;
  walkers_.clear();
  reaches_.clear();
}

bool LaneModel::empty() const {
  return std::all_of(walkers_.begin(), walkers_.end(), [](const Walker& walker) { return walker.gone; }) &&
         std::all_of(reaches_.begin(), reaches_.end(), [](const Reach& reach) { return reach.ended; });
}

}  // namespace exitgate::rig
