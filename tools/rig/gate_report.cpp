#include "tools/rig/gate_report.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace exitgate::rig {
namespace json = boost::json;
namespace {

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object())
    return fail("not_json", "expected a JSON object, found: " + std::string(text.substr(0, 200)));
  return std::move(value.as_object());
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

const json::object* object_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

/// Calls `each` with every object of the array `name`.
template <class Each>
void each_of(const json::object& object, std::string_view name, Each each) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return;
  for (const auto& element : value->as_array()) {
    if (element.is_object()) each(element.as_object());
  }
}

SeenReceipt read_receipt(const json::object& object) {
  SeenReceipt receipt;
  receipt.receipt_id = text_of(object, "receipt_id");
  receipt.chain_id = text_of(object, "chain_id");
  receipt.sequence = number_of(object, "sequence");
  receipt.lane = text_of(object, "lane_id");
  receipt.kind = text_of(object, "kind");
  receipt.basis = text_of(object, "basis");
  receipt.outcome = text_of(object, "outcome");
  receipt.session_id = text_of(object, "session_id");
  receipt.passages = number_of(object, "passages");
  if (const json::value* const flags = object.if_contains("flags"); flags != nullptr && flags->is_array()) {
    for (const auto& flag : flags->as_array()) {
      if (flag.is_string()) receipt.flags.emplace_back(flag.as_string());
    }
  }
  return receipt;
}

}  // namespace

Result<GateStatus> parse_status(std::string_view text) {
  const auto root = parse_object(text);
  if (!root) return fail(root.error().within("status"));
  GateStatus status;
  if (const auto* const backend = object_of(*root, "backend"))
    status.backend_online = text_of(*backend, "state") == "online";
  if (const auto* const receipts = object_of(*root, "receipts"))
    status.receipts_queued = number_of(*receipts, "queued");
  each_of(*root, "faults", [&](const json::object& fault) {
    status.faults.push_back(text_of(fault, "code") + " " + text_of(fault, "part"));
  });
  each_of(*root, "lanes", [&](const json::object& lane) {
    status.lanes[text_of(lane, "id")] = {text_of(lane, "mode"), text_of(lane, "phase"), text_of(lane, "reason")};
  });
  return status;
}

Result<std::vector<SeenReceipt>> parse_receipts(std::string_view text) {
  const auto root = parse_object(text);
  if (!root) return fail(root.error().within("receipts"));
  std::vector<SeenReceipt> receipts;
  each_of(*root, "receipts", [&](const json::object& receipt) { receipts.push_back(read_receipt(receipt)); });
  return receipts;
}

Result<std::vector<std::string>> parse_chain_troubles(std::string_view text) {
  const auto root = parse_object(text);
  if (!root) return fail(root.error().within("summary"));
  std::vector<std::string> troubles;
  if (!root->contains("chains")) troubles.emplace_back("the summary tells nothing of chains");
  each_of(*root, "chains", [&](const json::object& chain) {
    const json::value* const whole = chain.if_contains("whole");
    if (whole == nullptr || !whole->is_bool() || !whole->as_bool()) {
      troubles.push_back("chain not whole: " + json::serialize(chain));
    }
  });
  return troubles;
}

std::optional<std::string> text_member(std::string_view text, std::string_view name) {
  const auto root = parse_object(text);
  if (!root) return std::nullopt;
  const std::string found = text_of(*root, name);
  if (found.empty()) return std::nullopt;
  return found;
}

}  // namespace exitgate::rig
