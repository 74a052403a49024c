#include "api/api_json.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace exitgate::api {
namespace json = boost::json;
namespace {

json::string_view text(std::string_view value) { return {value.data(), value.size()}; }

json::object fault_object(const Fault& fault) {
  return {{"code", text(to_string(fault.code))},
          {"severity", text(to_string(fault.severity))},
          {"part", fault.part},
          {"since", to_rfc3339(fault.since)},
          {"advice", fault.advice}};
}

json::array fault_array(const std::vector<Fault>& faults) {
  json::array array;
  for (const auto& fault : faults) array.push_back(fault_object(fault));
  return array;
}

json::object lane_object(const LaneStatus& lane) {
  json::object object{
      {"id", text(lane.id.view())}, {"mode", text(to_string(lane.mode))}, {"phase", text(to_string(lane.phase))}};
  object["reason"] = lane.reason ? json::value(*lane.reason) : json::value(nullptr);
  object["barrier"] = text(to_string(lane.barrier));
  object["faults"] = fault_array(lane.faults);
  object["since"] = to_rfc3339(lane.since);
  return object;
}

json::array lane_array(const std::vector<LaneStatus>& lanes) {
  json::array array;
  for (const auto& lane : lanes) array.push_back(lane_object(lane));
  return array;
}

json::object queue_object(const QueueStatus& queue, WallTime now) {
  json::object object{{"queued", queue.queued}, {"quarantined", queue.quarantined}};
  // A clock that was set back makes nothing younger than now.
  object["oldest_age_s"] =
      queue.oldest_queued
          ? json::value(std::max<std::int64_t>(0, (unix_ms(now) - unix_ms(*queue.oldest_queued)) / 1000))
          : json::value(nullptr);
  return object;
}

json::value field_value(const FieldValue& value) {
  return std::visit([](const auto& held) { return json::value(held); }, value);
}

/// A sealed receipt as it is; a damaged row, whose text can't be parsed, by its id alone.
std::string receipt_text(const StoredReceipt& stored) {
  boost::system::error_code error;
  const auto parsed = json::parse(text(stored.json), error);
  if (!error && parsed.is_object()) return stored.json;
  return json::serialize(json::object{{"receipt_id", to_string(stored.receipt.receipt_id)}});
}

// The port only declares these names; whoever keeps the receipts defines them.
std::string_view state_name(ReceiptState state) {
  switch (state) {
    case ReceiptState::kOpen:
      return "open";
    case ReceiptState::kQueued:
      return "queued";
    case ReceiptState::kDelivered:
      return "delivered";
    case ReceiptState::kQuarantined:
      break;
  }
  return "quarantined";
}

json::object state_object(const StoredReceipt& stored) {
  json::object object{{"state", text(state_name(stored.state))}};
  if (!stored.rejected_reason.empty()) object["reason"] = stored.rejected_reason;
  return object;
}

}  // namespace

std::optional<ReceiptState> parse_state_name(std::string_view name) {
  for (const auto state :
       {ReceiptState::kOpen, ReceiptState::kQueued, ReceiptState::kDelivered, ReceiptState::kQuarantined}) {
    if (state_name(state) == name) return state;
  }
  return std::nullopt;
}

std::string status_json(const GateView& view) {
  json::array devices;
  for (const auto& device : view.devices) {
    devices.push_back(json::object{{"name", text(device.name.view())},
                                   {"driver", device.driver},
                                   {"state", device.up ? "up" : "down"},
                                   {"since", to_rfc3339(device.since)}});
  }
  const json::object backend{{"state", view.backend_online ? "online" : "offline"},
                             {"since", to_rfc3339(view.backend_since)}};
  return json::serialize(json::object{{"version", view.version},
                                      {"store_id", text(view.store_id.view())},
                                      {"gate_id", text(view.gate_id.view())},
                                      {"clock", view.clock_synchronised ? "synchronised" : "unsynchronised"},
                                      {"backend", backend},
                                      {"receipts", queue_object(view.receipts, view.now)},
                                      {"devices", std::move(devices)},
                                      {"faults", fault_array(view.faults)},
                                      {"lanes", lane_array(view.lanes)}});
}

std::string lane_json(const LaneStatus& lane) { return json::serialize(lane_object(lane)); }

std::string lanes_json(const std::vector<LaneStatus>& lanes) {
  return json::serialize(json::object{{"lanes", lane_array(lanes)}});
}

std::string refused_lanes_json(const Error& error, const std::vector<LaneStatus>& lanes) {
  const json::object details{{"code", text(error.code)}, {"message", error.message}};
  return json::serialize(json::object{{"error", details}, {"lanes", lane_array(lanes)}});
}

std::string event_json(const PublicEvent& event) {
  json::object object{{"at", to_rfc3339(event.at)}};
  object["lane_id"] = event.lane_id ? json::value(text(event.lane_id->view())) : json::value(nullptr);
  for (const auto& [name, value] : event.fields) object[text(name)] = field_value(value);
  return json::serialize(object);
}

std::string receipts_json(const ReceiptPage& page) {
  std::string body = "{\"receipts\":[";
  json::object states;
  for (const auto& stored : page.receipts) {
    if (body.back() != '[') body += ',';
    body += receipt_text(stored);
    states[to_string(stored.receipt.receipt_id)] = state_object(stored);
  }
  json::object pruned;
  for (const auto& [chain, through] : page.pruned_through) pruned[to_string(chain)] = through;
  body += "],\"states\":" + json::serialize(states) + ",\"pruned_through\":" + json::serialize(pruned) + ",\"next\":";
  return body + (page.next ? json::serialize(json::value(*page.next)) : "null") + '}';
}

std::string receipt_json(const StoredReceipt& stored) {
  auto rest = json::serialize(state_object(stored));
  return "{\"receipt\":" + receipt_text(stored) + ',' + rest.substr(1);
}

std::string_view to_string(PointQuality quality) {
  switch (quality) {
    case PointQuality::kGood:
      return "good";
    case PointQuality::kStale:
      return "stale";
    case PointQuality::kUnread:
      break;
  }
  return "unread";
}

std::string points_json(const std::vector<PointView>& points) {
  const auto level = [](const std::optional<bool>& value) {
    return value ? json::value(*value) : json::value(nullptr);
  };
  json::array array;
  for (const auto& point : points) {
    array.push_back(json::object{{"point", point.point},
                                 {"use", point.use},
                                 {"direction", point.output ? "output" : "input"},
                                 {"raw", level(point.raw)},
                                 {"value", level(point.value)},
                                 {"quality", text(to_string(point.quality))},
                                 {"age_ms", point.age ? json::value(to_ms(*point.age)) : json::value(nullptr)}});
  }
  return json::serialize(json::object{{"points", std::move(array)}});
}

std::string reload_json(const ReloadOutcome& outcome) {
  json::array pending;
  for (const auto& lane : outcome.pending) pending.push_back(json::value(text(lane.view())));
  json::array warnings;
  for (const auto& warning : outcome.warnings) warnings.push_back(json::value(warning));
  return json::serialize(json::object{{"pending", std::move(pending)}, {"warnings", std::move(warnings)}});
}

}  // namespace exitgate::api
