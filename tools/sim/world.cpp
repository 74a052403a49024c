// A run: shoppers at every lane, a storm of faults, a calm, the verdict.
#include <algorithm>

#include "tools/sim/crowd.hpp"
#include "tools/sim/storm.hpp"

namespace exitgate::sim {
namespace {

constexpr Duration kCalm = std::chrono::minutes{6};

std::vector<LaneKind> draw_lanes(Dice& dice, int count) {
  std::vector<LaneKind> lanes;
  for (int i = 0; i < count; ++i) {
    LaneKind kind;
    kind.mode = static_cast<LaneMode>(dice.between(0, 2));
    kind.limits = dice.chance(0.7);
    kind.pulse = dice.chance(0.15);
    lanes.push_back(kind);
  }
  return lanes;
}

class World {
 public:
  explicit World(const Options& options)
      : options_(options),
        dice_(options.seed),
        lane_count_(options.lanes > 0 ? options.lanes : dice_.between(1, 8)),
        box_count_(options.boxes > 0 ? options.boxes : dice_.between(1, 2)),
        store_(options.seed ^ 0x5151),
        oracle_(store_, static_cast<std::size_t>(box_count_), static_cast<std::size_t>(lane_count_)) {
    report_.seed = options.seed;
    for (int i = 0; i < box_count_; ++i) {
      boxes_.push_back(std::make_unique<Box>(Surroundings{agenda_, dice_, store_, oracle_, report_, options_},
                                             static_cast<std::size_t>(i), draw_lanes(dice_, lane_count_)));
      boxes_.back()->start();
      crowds_.push_back(
          std::make_unique<Crowd>(agenda_, dice_, store_, oracle_, *boxes_.back(), static_cast<std::size_t>(i)));
    }
  }

  Report run() {
    Storm storm(agenda_, dice_, options_, report_, boxes_, crowds_);
    for (auto& crowd : crowds_) crowd->begin();
    storm.begin();
    while (!over() && exits() < options_.exits && agenda_.now() < limit()) turn();
    if (over()) return finish();
    storm.end();
    for (auto& crowd : crowds_) crowd->close();
    const auto until = agenda_.now() + kCalm;
    while (!over() && agenda_.now() < until) turn();
    for (const auto& box : boxes_) {
      if (const auto unrest = box->unrest(); !unrest.empty() && !over()) oracle_.not_converged(unrest);
    }
    if (!over()) oracle_.judge_end(!storm.blinded(), storm.apart());
    return finish();
  }

 private:
  [[nodiscard]] bool over() const { return !oracle_.violation().empty(); }
  [[nodiscard]] std::int64_t exits() const {
    std::int64_t sum = 0;
    for (const auto& crowd : crowds_) sum += crowd->exits();
    return sum;
  }
  /// A run that lets nobody out ends all the same.
  [[nodiscard]] MonoTime limit() const {
    return MonoTime{std::chrono::hours{24} + std::chrono::minutes{options_.exits}};
  }

  void turn() {
    auto next = agenda_.next();
    Box* due = nullptr;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      auto at = boxes_[i]->deadline();
      // With nobody near, nothing can happen that the next event would not find as well.
      if (crowds_[i]->nobody_near() && boxes_[i]->quiet()) at = std::max(at, agenda_.now() + std::chrono::seconds{5});
      if (at < next) {
        next = at;
        due = boxes_[i].get();
      }
    }
    if (due == nullptr) {
      agenda_.run_next();
    } else {
      agenda_.advance(next);
      due->on_deadline();
    }
  }

  Report finish() {
    report_.exits = exits();
    report_.openings = oracle_.openings();
    report_.violation = oracle_.violation();
    const auto span = agenda_.now() - MonoTime{std::chrono::seconds{1000}};
    report_.virtual_hours = static_cast<double>(span.count()) / 3.6e9;
    report_.violated_at_s = static_cast<double>(us_since_origin(agenda_.now())) / 1e6;
    for (const auto& box : boxes_) report_.trace.insert(report_.trace.end(), box->trace.begin(), box->trace.end());
    for (const auto& box : boxes_) {
      for (auto& recording : box->recordings()) report_.recordings.push_back(std::move(recording));
    }
    std::stable_sort(report_.trace.begin(), report_.trace.end(),
                     [](const auto& a, const auto& b) { return std::stoll(a) < std::stoll(b); });
    return report_;
  }

  Options options_;
  Dice dice_;
  int lane_count_;
  int box_count_;
  Agenda agenda_;
  StoreModel store_;
  Oracle oracle_;
  Report report_;
  std::vector<std::unique_ptr<Box>> boxes_;
  std::vector<std::unique_ptr<Crowd>> crowds_;
};

}  // namespace

Report run_seed(const Options& options) { return World(options).run(); }

}  // namespace exitgate::sim
