#include "trace/recorder.hpp"

#include <tuple>

#include "trace/kinds.hpp"

namespace exitgate::trace {
namespace {

/// Few enough that copying the open block and dropping a whole one take microseconds.
constexpr std::size_t kStepsOfBlock = 256;

/// What a value holds outside of itself, about.
template <class T>
std::size_t outside_bytes(const T& value) {
  if constexpr (Reference<T> || Number<T> || std::is_floating_point_v<T> || Span<T> || Instant<T> || Name<T> ||
                std::is_same_v<T, Flags> || std::is_same_v<T, std::string_view>) {
    return 0;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.capacity() > std::string().capacity() ? value.capacity() : 0;
  } else if constexpr (std::is_same_v<T, Status>) {
    return value ? 0 : outside_bytes(value.error().message);
  } else if constexpr (kIs<T, std::optional>) {
    return value ? outside_bytes(*value) : 0;
  } else if constexpr (kIs<T, std::variant>) {
    return std::visit([](const auto& held) { return outside_bytes(held); }, value);
  } else if constexpr (kIs<T, std::pair>) {
    return outside_bytes(value.first) + outside_bytes(value.second);
  } else if constexpr (Sequence<T>) {
    std::size_t sum = kIsArray<T> ? 0 : value.size() * sizeof(typename T::value_type);
    for (const auto& item : value) sum += outside_bytes(item);
    return sum;
  } else {
    static_assert(std::is_aggregate_v<T>, "events and commands are made of aggregates");
    return std::apply([](const auto&... field) { return (std::size_t{0} + ... + outside_bytes(field)); },
                      boost::pfr::structure_tie(value));
  }
}

}  // namespace

std::size_t steps_of(const Recording& recording) {
  std::size_t sum = 0;
  for (const auto& block : recording) sum += block->steps.size();
  return sum;
}

Uuid Recorder::next(WallTime at) {
  const auto id = ids_->next(at);
  if (in_step_) blocks_.back()->steps.back().ids.push_back(id);
  return id;
}

bool Recorder::start_due(const Controller& controller) const {
  // Lanes on an older configuration than the newest refer to one that a start doesn't have.
  if (controller.pending_lanes() > 0) return false;
  if (blocks_.empty()) return true;
  const auto part_full = [&](std::size_t parts, std::size_t of) {
    return steps_since_start_ * of >= bounds_.steps * parts || bytes_since_start_ * of >= bounds_.bytes * parts;
  };
  return (part_full(1, 2) && controller.all_idle()) || part_full(3, 4);
}

void Recorder::open_block(std::shared_ptr<const Controller> start) {
  if (start) steps_since_start_ = bytes_since_start_ = 0;
  auto block = std::make_shared<Block>();
  block->start = std::move(start);
  block->steps.reserve(kStepsOfBlock);
  blocks_.push_back(std::move(block));
}

void Recorder::keep_within_bounds() {
  const auto drop_first = [this] {
    steps_ -= blocks_.front()->steps.size();
    bytes_ -= blocks_.front()->bytes;
    blocks_.pop_front();
  };
  while (steps_ >= bounds_.steps || bytes_ >= bounds_.bytes) {
    // Steps without the state they begin from are worth nothing: up to the next start all go.
    do drop_first();
    while (!blocks_.empty() && !blocks_.front()->start);
    if (blocks_.empty()) return;
  }
}

void Recorder::begin(const Controller& controller, const Event& event, const Now& now) {
  keep_within_bounds();
  if (start_due(controller)) {
    open_block(std::make_shared<const Controller>(controller));
  } else if (blocks_.empty()) {
    return;
  } else if (blocks_.back()->steps.size() >= kStepsOfBlock) {
    open_block(nullptr);
  }
  blocks_.back()->steps.push_back({.event = event, .now = now, .ids = {}, .commands = {}});
  in_step_ = true;
}

void Recorder::end(const std::vector<Command>& commands) {
  if (!std::exchange(in_step_, false)) return;
  auto& block = *blocks_.back();
  auto& step = block.steps.back();
  step.commands = commands;
  const auto bytes = sizeof(Step) + outside_bytes(step.event) + outside_bytes(step.ids) + outside_bytes(step.commands);
  block.bytes += bytes;
  bytes_ += bytes;
  bytes_since_start_ += bytes;
  ++steps_;
  ++steps_since_start_;
}

Recording Recorder::recording() const {
  Recording kept(blocks_.begin(), blocks_.end());
  // The last block goes on being filled; of a step under way nothing is told.
  if (!kept.empty()) {
    auto open = std::make_shared<Block>(*kept.back());
    if (in_step_) open->steps.pop_back();
    kept.back() = std::move(open);
  }
  return kept;
}

}  // namespace exitgate::trace
