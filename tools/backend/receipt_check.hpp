// Is an uploaded receipt one that can be kept? Form, values and hash (backend contract, "Receipt"). Pure.
// Nothing here looks at other receipts: a gap or a broken link is kept and shown by the chain report, for losing a
// receipt because its neighbour is missing would be worse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/wall_time.hpp"
#include "core/receipt.hpp"

namespace boost::json {
class value;
}

namespace exitgate::reference {

/// A receipt in order, and what the backend wants to know of it.
struct CheckedReceipt {
  Uuid receipt_id;
  Uuid chain_id;
  ShortId gate_id;
  LaneId lane_id;
  std::int64_t sequence = 0;
  ReceiptKind kind = ReceiptKind::kUnauthorised;
  std::optional<Basis> basis;
  std::optional<Outcome> outcome;
  std::uint32_t passages = 0;
  std::optional<Uuid> session_id;
  std::optional<SessionTag> session_tag;
  std::optional<CartId> cart_id;
  std::string previous_hash;
  std::string hash;
  std::string canonical;  ///< with `hash`: what is stored
};

/// Errors: malformed (which member, what was found, what is expected), wrong_hash.
[[nodiscard]] Result<CheckedReceipt> check_receipt(const boost::json::value& receipt, std::string_view store_id,
                                                   const ShortId& gate_id);

/// The hash as it should be: over the canonical form without `hash`. Nothing where there is no canonical form.
[[nodiscard]] std::optional<std::string> receipt_hash(const boost::json::value& receipt);

}  // namespace exitgate::reference
