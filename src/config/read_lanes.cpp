#include <algorithm>
#include <utility>

#include "config/lane_draft.hpp"
#include "config/readers.hpp"
#include "config/spelling.hpp"

namespace exitgate::config {
namespace {

constexpr std::size_t kMostLanes = 32;
constexpr const char* kPointForm = "a point \"DEVICE/…\" or a table { point = \"DEVICE/…\" }";

struct TimeKey {
  std::string_view name;
  Duration LaneTiming::*time;
};
constexpr TimeKey kTimes[]{
    {"no_beacon_ms", &LaneTiming::no_beacon},
    {"bind_wait_ms", &LaneTiming::bind_wait},
    {"ambiguity_ms", &LaneTiming::ambiguity},
    {"durable_ms", &LaneTiming::durable},
    {"lapse_ms", &LaneTiming::lapse},
    {"close_delay_ms", &LaneTiming::close_delay},
    {"open_travel_ms", &LaneTiming::open_travel},
    {"close_travel_ms", &LaneTiming::close_travel},
    {"join_gap_ms", &LaneTiming::join_gap},
    {"party_gap_ms", &LaneTiming::party_gap},
    {"loiter_ms", &LaneTiming::loiter},
    {"stuck_ms", &LaneTiming::stuck},
    {"stale_ms", &LaneTiming::stale},
    {"device_lost_ms", &LaneTiming::device_lost},
    {"settle_ms", &LaneTiming::settle},
    {"pulse_ms", &LaneTiming::pulse},
};

/// A point as it stands in the file: the text itself, or a table around it.
struct PointEntry {
  std::optional<Section> table;
  std::optional<WrittenPoint> written;
};

/// Nothing where the key is not there.
std::optional<PointEntry> find_point(Section& section, std::string_view name) {
  const toml::node* node = section.find(name, Need::kOptional, kPointForm);
  if (node == nullptr) return std::nullopt;
  PointEntry entry;
  const std::string use = section.key(name);
  if (const auto* text = node->as_string()) {
    entry.written = WrittenPoint{text->get(), place_of(node->source()), use, use};
  } else if (const auto* table = node->as_table()) {
    entry.table.emplace(section.report(), *table, use);
    if (auto inner = entry.table->text("point", Need::kRequired, "a point \"DEVICE/…\"")) {
      entry.written = WrittenPoint{std::move(*inner), entry.table->place_of("point"), entry.table->key("point"), use};
    }
  } else {
    section.error(name, shown(*node), kPointForm);
  }
  return entry;
}

std::optional<InputBinding> read_input(Section& section, std::string_view name, PointTable& points) {
  auto entry = find_point(section, name);
  if (!entry) return std::nullopt;
  InputBinding binding;
  bool active_high = true;
  Bias bias = Bias::kAsIs;
  if (entry->table) {
    constexpr Option<bool> kLevels[]{{"high", true}, {"low", false}};
    constexpr Option<Bias> kBiases[]{
        {"as-is", Bias::kAsIs}, {"pull-up", Bias::kPullUp}, {"pull-down", Bias::kPullDown}};
    active_high = entry->table->choice("active", Need::kOptional, kLevels).value_or(true);
    binding.debounce = entry->table->time_ms("debounce_ms", binding.debounce);
    bias = entry->table->choice("bias", Need::kOptional, kBiases).value_or(Bias::kAsIs);
    entry->table->finish();
  }
  BoundPoint bound;
  if (entry->written) bound = points.add_input(*entry->written, active_high, bias);
  binding.point = bound.point;
  binding.device = bound.device;
  const DeviceDraft* device = points.device(bound.device);
  if (bias != Bias::kAsIs && device != nullptr && !std::holds_alternative<GpioChip>(device->device.driver)) {
    entry->table->error("bias", "it on a point of " + device->device.name.str(), "it on lines of a gpiochip only");
  }
  return binding;
}

std::optional<OutputBinding> read_output(Section& section, std::string_view name, bool holds_barrier,
                                         PointTable& points) {
  auto entry = find_point(section, name);
  if (!entry) return std::nullopt;
  OutputBinding binding;
  if (entry->table) {
    constexpr Option<bool> kSides[]{{"closed", true}, {"open", false}};
    const auto closed = entry->table->choice("energised", Need::kOptional, kSides);
    binding.energised_closed = closed.value_or(true);
    if (closed && !holds_barrier) entry->table->error("energised", "it here", "it with barrier and hold_open only");
    entry->table->finish();
  }
  BoundPoint bound;
  if (entry->written) bound = points.add_output(*entry->written);
  binding.point = bound.point;
  binding.device = bound.device;
  return binding;
}

std::optional<DeviceId> read_receiver(Section& section, LaneMode mode, PointTable& points) {
  const Need need = mode == LaneMode::kWalkout ? Need::kOptional : Need::kRequired;
  constexpr const char* kExpected = "the name of a receiver ([[device]] with driver \"hci-uart\")";
  const auto name = section.text("receiver", need, kExpected);
  if (!name) return std::nullopt;
  const WrittenPoint written{*name, section.place_of("receiver"), section.key("receiver"), section.key("receiver")};
  const auto id = points.find_device(*name, written, kExpected);
  if (!id) return std::nullopt;
  DeviceDraft& draft = *points.device(*id);
  const bool digital_sim = !draft.device.inputs.empty() || !draft.device.outputs.empty();
  const bool sim = std::holds_alternative<Sim>(draft.device.driver) && !digital_sim;
  draft.used = true;
  if (draft.driver_valid && !is_receiver_driver(draft.device.driver) && !sim) {
    section.error("receiver",
                  in_quotes(*name) + ", a device with driver " + in_quotes(driver_name(draft.device.driver)),
                  kExpected);
    return std::nullopt;
  }
  draft.used_as_receiver = true;
  return id;
}

void read_timing(LaneDraft& draft) {
  draft.lane.timing = LaneTiming::defaults(draft.lane.accessible);
  draft.timing = draft.section.table("timing", Need::kOptional);
  if (!draft.timing) return;
  for (const TimeKey& key : kTimes) {
    Duration& time = draft.lane.timing.*key.time;
    time = draft.timing->time_ms(key.name, time);
  }
  draft.timing->finish();
}

void read_points(LaneDraft& draft, PointTable& points) {
  draft.inputs = draft.section.table("inputs", Need::kOptional);
  draft.outputs = draft.section.table("outputs", Need::kOptional);
  for (std::size_t i = 0; draft.inputs && i < kInputRoleCount; ++i) {
    const auto role = static_cast<InputRole>(i);
    draft.lane.input(role) = read_input(*draft.inputs, to_string(role), points);
  }
  for (std::size_t i = 0; draft.outputs && i < kOutputRoleCount; ++i) {
    const auto role = static_cast<OutputRole>(i);
    const bool holds_barrier = role == OutputRole::kBarrier || role == OutputRole::kHoldOpen;
    draft.lane.output(role) = read_output(*draft.outputs, to_string(role), holds_barrier, points);
  }
  if (draft.inputs) draft.inputs->finish();
  if (draft.outputs) draft.outputs->finish();
}

LaneDraft read_lane(Section section, PointTable& points) {
  constexpr Option<LaneMode> kModes[]{
      {"cart", LaneMode::kCart}, {"walkout", LaneMode::kWalkout}, {"mixed", LaneMode::kMixed}};
  LaneConfig lane;
  if (const auto id = section.id("id", Need::kRequired)) {
    lane.id = *id;
    section.rename("lane[" + id->str() + "]");
    if (id->view() == "all") section.error("id", "\"all\"", "another id: `lane all` names every lane");
  }
  const auto mode = section.choice("mode", Need::kRequired, kModes);
  // With no valid mode nothing is said about a lacking receiver.
  lane.mode = mode.value_or(LaneMode::kWalkout);
  lane.accessible = section.flag("accessible", false);
  lane.receiver = read_receiver(section, lane.mode, points);
  LaneDraft draft{std::move(section), {}, {}, {}, std::move(lane)};
  read_timing(draft);
  read_points(draft, points);
  draft.section.finish();
  return draft;
}

void read_box_points(Section& root, PointTable& points, GateConfig& gate) {
  auto inputs = root.table("inputs", Need::kOptional);
  auto outputs = root.table("outputs", Need::kOptional);
  if (inputs) {
    gate.fire_alarm = read_input(*inputs, "fire_alarm", points);
    inputs->finish();
  }
  if (outputs) {
    gate.alive = read_output(*outputs, "alive", false, points);
    gate.healthy = read_output(*outputs, "healthy", false, points);
    outputs->finish();
  }
  if (gate.fire_alarm) return;
  root.report().warning(inputs ? inputs->place() : root.place(), "inputs.fire_alarm", "nothing",
                        "the fire panel's contact: without it the lanes do not know of an alarm");
}

void judge_ids(const std::vector<LaneDraft>& drafts) {
  for (auto later = drafts.begin(); later != drafts.end(); ++later) {
    const auto same = [&](const LaneDraft& earlier) {
      return !earlier.lane.id.empty() && earlier.lane.id == later->lane.id;
    };
    const auto earlier = std::find_if(drafts.begin(), later, same);
    if (earlier == later) continue;
    const std::string line = std::to_string(earlier->section.place().line);
    later->section.error("id", in_quotes(later->lane.id.view()) + ", already the id of the lane in line " + line,
                         "an id of its own");
  }
  if (drafts.size() <= kMostLanes) return;
  const Section& first_too_many = drafts[kMostLanes].section;
  first_too_many.report().error(first_too_many.place(), "lane", std::to_string(drafts.size()) + " lanes", "at most 32");
}

void judge_beacons(const Section& root, const std::vector<LaneDraft>& drafts) {
  const auto hears_carts = [](const LaneDraft& draft) { return draft.lane.mode != LaneMode::kWalkout; };
  const auto lane = std::find_if(drafts.begin(), drafts.end(), hears_carts);
  if (lane == drafts.end() || root.has("beacons")) return;
  root.error("beacons", "nothing", "a table [beacons]: " + lane->section.path() + " identifies carts");
}

void judge_use(const std::vector<DeviceDraft>& devices) {
  for (const DeviceDraft& draft : devices) {
    if (draft.used || !draft.driver_valid || draft.device.name.empty()) continue;
    draft.section.report().error(draft.section.place(), draft.section.path(), "a device that nothing uses",
                                 "a point or a receiver on it, or no such [[device]]");
  }
}

}  // namespace

void read_lanes(Section& root, std::vector<DeviceDraft>& devices, StoreConfig& config) {
  PointTable points(root.report(), devices);
  std::vector<LaneDraft> drafts;
  for (Section& section : root.tables("lane")) drafts.push_back(read_lane(std::move(section), points));
  read_box_points(root, points, config.gate);
  for (const LaneDraft& draft : drafts) {
    judge_lane(draft, points, config.gate.alive.has_value());
    judge_polling(draft, devices);
    config.gate.lanes.push_back(draft.lane);
  }
  judge_ids(drafts);
  judge_beacons(root, drafts);
  judge_use(devices);
  config.points = points.take_points();
}

}  // namespace exitgate::config
