// A run: shoppers at every lane, a storm of faults, a calm, the verdict.
#include <algorithm>

#include "tools/sim/crowd.hpp"
#include "tools/sim/storm.hpp"

namespace exitgate::sim {
namespace {

constexpr Duration kCalm = std::chrono::minutes{6};
constexpr Duration kSkip = std::chrono::seconds{5};
constexpr Duration kProbe = std::chrono::seconds{90};

/// Mostly a few; now and then as many as a box may have.
int draw_lane_count(Dice& dice) { return dice.chance(0.03) ? dice.between(9, 32) : dice.between(1, 8); }

class World {
 public:
  explicit World(const Options& options)
      : options_(options),
        dice_(options.seed),
        lane_count_(options.lanes > 0 ? options.lanes : draw_lane_count(dice_)),
        box_count_(options.boxes > 0 ? options.boxes : dice_.between(1, 2)),
        store_(options.seed ^ 0x5151),
        air_(options.seed),
        oracle_(store_, static_cast<std::size_t>(box_count_), static_cast<std::size_t>(lane_count_)) {
    report_.seed = options.seed;
    for (int i = 0; i < box_count_; ++i) {
      const auto index = static_cast<std::size_t>(i);
      boxes_.push_back(std::make_unique<Box>(around(), index, draw_file(dice_, lane_count_)));
      boxes_.back()->start();
      crowds_.push_back(std::make_unique<Crowd>(around(), *boxes_.back(), index, again_));
    }
    store_.on_told([this] {
      for (auto& box : boxes_) box->pump_stream();
    });
  }

  Report run() {
    Storm storm(around(), boxes_, crowds_);
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
    if (!over()) probe();
    if (!over()) oracle_.judge_end();
    return finish();
  }

 private:
  [[nodiscard]] Surroundings around() { return {agenda_, dice_, store_, air_, oracle_, report_, options_}; }
  /// In the calm every lane lets somebody out again, and all of it reaches the backend.
  void probe() {
    for (auto& crowd : crowds_) crowd->probe();
    const auto until = agenda_.now() + kProbe;
    while (!over() && agenda_.now() < until) turn();
    for (std::size_t i = 0; i < boxes_.size() && !over(); ++i) {
      if (const auto unserved = crowds_[i]->unserved(); !unserved.empty()) oracle_.not_converged(unserved);
      if (const auto unrest = boxes_[i]->unrest(); !unrest.empty() && !over()) oracle_.not_converged(unrest);
    }
  }
  [[nodiscard]] bool over() const { return !oracle_.violation().empty(); }
  [[nodiscard]] std::int64_t exits() const {
    std::int64_t sum = 0;
    for (const auto& crowd : crowds_) sum += crowd->exits();
    if (options_.exits_so_far != nullptr) options_.exits_so_far->store(sum, std::memory_order_relaxed);
    return sum;
  }
  /// A run that lets nobody out ends all the same.
  [[nodiscard]] MonoTime limit() const {
    return MonoTime{std::chrono::hours{24} + std::chrono::minutes{options_.exits}};
  }

  void turn() {
    auto next = agenda_.next();
    std::optional<std::size_t> due;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      auto at = boxes_[i]->deadline();
      // With nobody near, nothing can happen that the next event would not find as well.
      if (crowds_[i]->nobody_near() && boxes_[i]->quiet()) at = std::max(at, ran_[i] + kSkip);
      if (at < next) {
        next = at;
        due = i;
      }
    }
    if (!due) return agenda_.run_next();
    agenda_.advance(next);
    ran_[*due] = agenda_.now();
    boxes_[*due]->on_deadline();
  }

  Report finish() {
    report_.exits = exits();
    report_.openings = oracle_.openings();
    report_.violation = oracle_.violation();
    const auto span = agenda_.now() - MonoTime{std::chrono::seconds{1000}};
    report_.virtual_hours = static_cast<double>(span.count()) / 3.6e9;
    report_.lane_hours = report_.virtual_hours * lane_count_ * box_count_;
    report_.violated_at_s = static_cast<double>(us_since_origin(agenda_.now())) / 1e6;
    for (const auto& box : boxes_) report_.disk.add(box->disk_counts());
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
  Transmitters air_;
  Oracle oracle_;
  Report report_;
  ComeAgain again_;
  std::vector<MonoTime> ran_ = std::vector<MonoTime>(2);  ///< when each box last turned by itself
  std::vector<std::unique_ptr<Box>> boxes_;
  std::vector<std::unique_ptr<Crowd>> crowds_;
};

}  // namespace

Report run_seed(const Options& options) { return World(options).run(); }

}  // namespace exitgate::sim
