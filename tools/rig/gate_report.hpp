// What the daemon and the reference backend say, read from their JSON. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace exitgate::rig {

struct LanePhase {
  std::string mode;
  std::string phase;
  std::string reason;  ///< empty: none
};

/// GET /api/v1/status.
struct GateStatus {
  bool backend_online = false;
  std::int64_t receipts_queued = 0;
  std::vector<std::string> faults;  ///< "code part"
  std::map<std::string, LanePhase> lanes;
};
[[nodiscard]] Result<GateStatus> parse_status(std::string_view json);

/// One of GET /admin/receipts.
struct SeenReceipt {
  std::string receipt_id;
  std::string chain_id;
  std::int64_t sequence = 0;
  std::string lane;
  std::string kind;
  std::string basis;  ///< empty: absent
  std::string outcome;
  std::string session_id;
  std::int64_t passages = 0;
  std::vector<std::string> flags;
};
[[nodiscard]] Result<std::vector<SeenReceipt>> parse_receipts(std::string_view json);

/// GET /admin/summary: what is wrong with the chains; empty when every chain is whole.
[[nodiscard]] Result<std::vector<std::string>> parse_chain_troubles(std::string_view json);

/// One member of an object that is a text; nothing when it is not there.
[[nodiscard]] std::optional<std::string> text_member(std::string_view json, std::string_view name);

}  // namespace exitgate::rig
