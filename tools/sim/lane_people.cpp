#include "tools/sim/lane_people.hpp"

#include <algorithm>
#include <queue>

namespace exitgate::sim {
namespace {

using Stretch = LanePeople::Stretch;

std::string at(MonoTime time) { return std::to_string(to_ms(time.time_since_epoch())) + " ms"; }

/// Those that touch a time in which receipts were written late last until its end.
void extend(std::vector<Stretch>& windows, const std::vector<Stretch>& late) {
  for (auto& window : windows) {
    for (const auto& stretch : late) {
      if (window.from <= stretch.to && stretch.from <= window.to) window.to = std::max(window.to, stretch.to);
    }
  }
}

struct Matched {
  std::vector<Stretch> unused;
  std::vector<MonoTime> alone;
};

/// As many counts as can be to one window each: always to the one that ends first, which is the best there is.
Matched match(std::vector<Stretch> windows, const std::vector<MonoTime>& counts) {
  const auto ends_later = [](const Stretch& a, const Stretch& b) { return a.to > b.to; };
  std::priority_queue<Stretch, std::vector<Stretch>, decltype(ends_later)> open(ends_later);
  std::sort(windows.begin(), windows.end(), [](const Stretch& a, const Stretch& b) { return a.from < b.from; });
  Matched matched;
  auto next = windows.begin();
  for (const auto count : counts) {
    while (next != windows.end() && next->from <= count) open.push(*next++);
    while (!open.empty() && open.top().to < count) {
      matched.unused.push_back(open.top());
      open.pop();
    }
    if (open.empty()) {
      matched.alone.push_back(count);
    } else {
      open.pop();
    }
  }
  for (; !open.empty(); open.pop()) matched.unused.push_back(open.top());
  matched.unused.insert(matched.unused.end(), next, windows.end());
  return matched;
}

}  // namespace

void LanePeople::step_is_over(MonoTime now) {
  // One that goes from one receipt to another (`cart_still_here`) was counted when it was.
  if (step_ < 0) moving_ -= step_;
  const auto moved = std::clamp<std::int64_t>(step_, 0, moving_);
  moving_ -= moved;
  for (auto fresh = step_ - moved; fresh > 0; --fresh) counts_.push_back(now);
  step_ = 0;
}

bool LanePeople::seen(const Stretch& when) const {
  return std::none_of(blind_.begin(), blind_.end(), [&](const Some& blind) {
    return blind.when.from < when.to + counted_by() && when.from < blind.when.to;
  });
}

std::string LanePeople::judge(const std::vector<Stretch>& late) const {
  std::vector<Stretch> must, may;
  for (const auto& [when, count] : people_) {
    const Stretch window{when.from, when.to + counted_by()};
    if (seen(when)) must.push_back(window);
    may.insert(may.end(), static_cast<std::size_t>(count), window);
  }
  // Whom an eye that lies, or no daemon, saw: their time is over with the fault's.
  for (const auto& [when, count] : blind_)
    may.insert(may.end(), static_cast<std::size_t>(count), {when.from, when.to + counted_by()});
  for (const auto& stray : strays_) {
    if (!seen(stray)) may.push_back({stray.from, stray.to + counted_by()});
  }
  extend(must, late);
  extend(may, late);
  const auto somebody = match(std::move(may), counts_);
  if (!somebody.alone.empty()) return "the passage counted at " + at(somebody.alone.front()) + " was nobody's";
  const auto counted = match(std::move(must), counts_);
  if (!counted.unused.empty()) {
    const auto& [from, to] = counted.unused.front();
    return "who left between " + at(from) + " and " + at(to - counted_by()) + " was not counted";
  }
  return {};
}

}  // namespace exitgate::sim
