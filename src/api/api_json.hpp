// The JSON of the control API (operation contract, "Control API"). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.hpp"
#include "ports/gate_control.hpp"
#include "ports/receipt_store.hpp"

namespace exitgate::api {

[[nodiscard]] std::string status_json(const GateView& view);
[[nodiscard]] std::string lane_json(const LaneStatus& lane);
/// {"lanes":[…]}
[[nodiscard]] std::string lanes_json(const std::vector<LaneStatus>& lanes);
/// {"error":{…},"lanes":[…]}
[[nodiscard]] std::string refused_lanes_json(const Error& error, const std::vector<LaneStatus>& lanes);
/// The data of a server-sent event: `at` and `lane_id` first.
[[nodiscard]] std::string event_json(const PublicEvent& event);
/// {"receipts":[…],"states":{ID:{"state","reason"?}},"pruned_through":{CHAIN:SEQUENCE},"next":…}: the receipts are
/// exactly what is uploaded, so that their hashes hold.
[[nodiscard]] std::string receipts_json(const ReceiptPage& page);
/// {"receipt":…,"state":…,"reason"?}
[[nodiscard]] std::string receipt_json(const StoredReceipt& stored);
/// "open", "queued", "delivered", "quarantined".
[[nodiscard]] std::optional<ReceiptState> parse_state_name(std::string_view name);
[[nodiscard]] std::string points_json(const std::vector<PointView>& points);
[[nodiscard]] std::string reload_json(const ReloadOutcome& outcome);
[[nodiscard]] std::string_view to_string(PointQuality quality);

}  // namespace exitgate::api
