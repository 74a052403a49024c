#include "api/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace exitgate::api {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::MetricFamily;
using prometheus::MetricType;

const Histogram::BucketBoundaries kDecisionBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4,
                                                   0.8,   0.85, 1,     2.5,  5,   10,  30};
const Histogram::BucketBoundaries kCommitBuckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,    0.15,  0.25,   0.5,   1,    5};
const Histogram::BucketBoundaries kConfirmBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 10};
const Histogram::BucketBoundaries kRequestBuckets{0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

/// Kinds of receipts with what they can rest on.
constexpr std::array<std::pair<const char*, const char*>, 10> kExits{{{"cart", "prefetched"},
                                                                      {"cart", "confirmed"},
                                                                      {"cart", "signed_pass"},
                                                                      {"cart", "offline_policy"},
                                                                      {"walkout", "prefetched"},
                                                                      {"walkout", "confirmed"},
                                                                      {"walkout", "offline_policy"},
                                                                      {"staff", "staff"},
                                                                      {"released", "released"},
                                                                      {"fault", "fault"}}};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

const FieldValue* field(const PublicEvent& event, std::string_view name) {
  const auto found =
      std::find_if(event.fields.begin(), event.fields.end(), [&](const auto& f) { return f.first == name; });
  return found == event.fields.end() ? nullptr : &found->second;
}

std::string text_field(const PublicEvent& event, std::string_view name) {
  const auto* const value = field(event, name);
  const auto* const text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? "none" : *text;
}

std::string lane_label(const PublicEvent& event) { return event.lane_id ? event.lane_id->str() : "none"; }

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  std::vector<MetricFamily> declared;

  /// The registry leaves out a family without series; whoever writes an alert wants to find its name all the same.
  std::string declare(const char* name, const char* help, MetricType type) {
    return declared.emplace_back(MetricFamily{std::string("exitgate_") + name, help, type, {}}).name;
  }
  Family<Gauge>& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(declare(name, help, MetricType::Gauge)).Help(help).Register(registry);
  }
  Family<Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(declare(name, help, MetricType::Counter)).Help(help).Register(registry);
  }
  Family<Histogram>& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(declare(name, help, MetricType::Histogram)).Help(help).Register(registry);
  }
  [[nodiscard]] std::vector<MetricFamily> collect() {
    auto all = registry.Collect();
    for (const auto& family : declared) {
      const bool there = std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.name == family.name; });
      if (!there) all.push_back(family);
    }
    return all;
  }

  Family<Gauge>& lane_phase = gauge("lane_phase", "1 for the phase the lane is in, 0 for the others");
  Family<Counter>& exits = counter("exits_total", "Sealed receipts");
  Family<Counter>& passages = counter("passages_total", "Passages counted");
  Family<Counter>& refusals = counter("refusals_total", "Shoppers refused, by the reason shown");
  Family<Histogram>& decision = histogram("decision_seconds", "From the shopper being present to the open command");
  Histogram& commit = histogram("commit_seconds", "Durable transactions").Add({}, kCommitBuckets);
  Histogram& confirm = histogram("confirm_seconds", "Questions to the backend").Add({}, kConfirmBuckets);
  Family<Counter>& beacons = counter("beacons_total", "Beacons heard, by what became of them");
  Family<Gauge>& device_up = gauge("device_up", "1 while the device answers");
  Family<Histogram>& device_request = histogram("device_request_seconds", "Exchanges with a device");
  Gauge& queued = gauge("receipts_queued", "Sealed receipts waiting for delivery").Add({});
  Gauge& quarantined = gauge("receipts_quarantined", "Receipts the backend can't take").Add({});
  Gauge& oldest = gauge("receipts_oldest_age_seconds", "Age of the oldest queued receipt, 0 when none is").Add({});
  Gauge& backend_online = gauge("backend_online", "1 while the backend answers").Add({});
  Family<Gauge>& fault = gauge("fault", "1 while the fault stands");
  Family<Gauge>& build_info = gauge("build_info", "Always 1");

  /// Beacons come by the hundred a second: their counters are found without making label sets.
  std::map<std::string, std::map<std::string, Counter*, std::less<>>, std::less<>> beacon_counters;
  std::map<std::string, Histogram*, std::less<>> request_histograms;
  std::map<std::pair<std::string, std::string>, Gauge*> fault_gauges;
  std::map<std::string, std::array<Gauge*, kPhaseCount>> phase_gauges;
  std::map<std::string, Gauge*> device_gauges;

  void begin_lane(const std::string& lane);
  void show_lane(const LaneStatus& lane);
  void show_faults(const std::vector<Fault>& faults);
  void show_devices(const std::vector<DeviceView>& devices);
};

/// What is counted by lane begins at 0, so that the first of each is a rise.
void Metrics::Families::begin_lane(const std::string& lane) {
  for (const auto& [kind, basis] : kExits) {
    for (const char* outcome : {"passed", "not_used", "unknown"}) {
      exits.Add({{"lane", lane}, {"kind", kind}, {"basis", basis}, {"outcome", outcome}});
    }
  }
  exits.Add({{"lane", lane}, {"kind", "unauthorised"}, {"basis", "none"}, {"outcome", "passed"}});
  for (const char* kind : {"cart", "walkout", "staff", "released", "fault", "unauthorised"}) {
    passages.Add({{"lane", lane}, {"kind", kind}});
  }
  for (const auto reason : {ShownReason::kFinishOnCart, ShownReason::kPaymentFailed, ShownReason::kAlreadyUsed,
                            ShownReason::kSeeStaff, ShownReason::kCartNotRecognised}) {
    refusals.Add({{"lane", lane}, {"reason", std::string(to_string(reason))}});
  }
}

void Metrics::Families::show_lane(const LaneStatus& lane) {
  const auto [found, added] = phase_gauges.try_emplace(lane.id.str());
  if (added) begin_lane(lane.id.str());
  for (std::size_t i = 0; i < kPhaseCount; ++i) {
    const auto phase = static_cast<Phase>(i);
    if (added) found->second[i] = &lane_phase.Add({{"lane", lane.id.str()}, {"phase", std::string(to_string(phase))}});
    found->second[i]->Set(phase == lane.phase ? 1 : 0);
  }
}

void Metrics::Families::show_faults(const std::vector<Fault>& faults) {
  for (const auto& [key, shown] : fault_gauges) shown->Set(0);
  for (const auto& standing : faults) {
    auto& shown = fault_gauges[{std::string(to_string(standing.code)), standing.part}];
    if (shown == nullptr)
      shown = &fault.Add({{"code", std::string(to_string(standing.code))}, {"part", standing.part}});
    shown->Set(1);
  }
}

void Metrics::Families::show_devices(const std::vector<DeviceView>& devices) {
  for (const auto& device : devices) {
    auto& shown = device_gauges[device.name.str()];
    if (shown == nullptr) shown = &device_up.Add({{"device", device.name.str()}});
    shown->Set(device.up ? 1 : 0);
  }
}

Metrics::Metrics(std::string_view version) : families_(std::make_unique<Families>()) {
  families_->build_info.Add({{"version", std::string(version)}}).Set(1);
  for (const char* basis : {"prefetched", "confirmed", "signed_pass", "offline_policy"}) {
    families_->decision.Add({{"basis", basis}}, kDecisionBuckets);
  }
}
Metrics::~Metrics() = default;

void Metrics::on_event(const PublicEvent& event) {
  const std::string lane = lane_label(event);
  if (event.type == PublicEventType::kVerdict && text_field(event, "decision") == "refuse") {
    families_->refusals.Add({{"lane", lane}, {"reason", text_field(event, "reason")}}).Increment();
  } else if (event.type == PublicEventType::kVerdict) {
    const auto* const value = field(event, "decision_us");
    const auto* const decision_us = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
    if (decision_us == nullptr) return;
    families_->decision.Add({{"basis", text_field(event, "basis")}}, kDecisionBuckets)
        .Observe(seconds(Duration{*decision_us}));
  } else if (event.type == PublicEventType::kPassage) {
    families_->passages.Add({{"lane", lane}, {"kind", text_field(event, "kind")}}).Increment();
  } else if (event.type == PublicEventType::kReceipt && text_field(event, "state") == "sealed") {
    families_->exits
        .Add({{"lane", lane},
              {"kind", text_field(event, "kind")},
              {"basis", text_field(event, "basis")},
              {"outcome", text_field(event, "outcome")}})
        .Increment();
  }
}

void Metrics::observe_commit(Duration took) { families_->commit.Observe(seconds(took)); }
void Metrics::observe_confirm(Duration took) { families_->confirm.Observe(seconds(took)); }

void Metrics::observe_device_request(std::string_view device, Duration took) {
  auto found = families_->request_histograms.find(device);
  if (found == families_->request_histograms.end()) {
    auto& histogram = families_->device_request.Add({{"device", std::string(device)}}, kRequestBuckets);
    found = families_->request_histograms.emplace(device, &histogram).first;
  }
  found->second->Observe(seconds(took));
}

void Metrics::count_beacons(std::string_view receiver, std::string_view result, std::uint64_t count) {
  auto by_receiver = families_->beacon_counters.find(receiver);
  if (by_receiver == families_->beacon_counters.end()) {
    by_receiver = families_->beacon_counters.try_emplace(std::string(receiver)).first;
  }
  auto found = by_receiver->second.find(result);
  if (found == by_receiver->second.end()) {
    auto& counter = families_->beacons.Add({{"receiver", std::string(receiver)}, {"result", std::string(result)}});
    found = by_receiver->second.emplace(result, &counter).first;
  }
  found->second->Increment(static_cast<double>(count));
}

std::string Metrics::text(const GateView& view) {
  for (const auto& lane : view.lanes) families_->show_lane(lane);
  families_->show_faults(view.faults);
  families_->show_devices(view.devices);
  families_->queued.Set(static_cast<double>(view.receipts.queued));
  families_->quarantined.Set(static_cast<double>(view.receipts.quarantined));
  const auto age = view.receipts.oldest_queued ? view.now - *view.receipts.oldest_queued : WallClock::duration{0};
  families_->oldest.Set(std::max(0.0, std::chrono::duration<double>(age).count()));
  families_->backend_online.Set(view.backend_online ? 1 : 0);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_->collect());
  return std::move(out).str();
}

}  // namespace exitgate::api
