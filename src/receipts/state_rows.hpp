// Everything durable but receipts, as rows of one table: kind, key, body (JSON) and when the row may go.
// Pure. Internal to receipts/ (and the stores that stand in for it).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "core/persist.hpp"

namespace exitgate {

struct StateRow {
  std::string kind;
  std::string key;
  std::optional<std::int64_t> expires_ms;  ///< may be dropped after this
  std::string body;
  friend bool operator==(const StateRow&, const StateRow&) = default;
};
struct DropRow {
  std::string kind;
  std::string key;
};
struct DropKind {
  std::string kind;
};
using StateChange = std::variant<StateRow, DropRow, DropKind>;

/// What `write` does to the table; nothing for the receipt writes.
[[nodiscard]] std::vector<StateChange> state_changes(const StoreWrite& write);

/// Adds what `row` says to `state`. Kinds that are not the controller's are left alone.
[[nodiscard]] Status absorb(const StateRow& row, LoadedState& state);

/// One chain of receipts as the store keeps track of it.
struct ChainState {
  Uuid chain_id;
  std::int64_t next_sequence = 1;
  std::string last_hash;
  std::int64_t pruned_through = 0;  ///< receipts up to here may be missing because they were old and delivered
  bool current = true;              ///< receipts are being added to it
  friend bool operator==(const ChainState&, const ChainState&) = default;
};
inline constexpr std::string_view kChainKind = "chain";
inline constexpr std::string_view kSalvagedKind = "salvaged_at";
[[nodiscard]] StateRow chain_row(const ChainState& chain);
[[nodiscard]] Result<ChainState> parse_chain_row(const StateRow& row);
[[nodiscard]] StateRow salvaged_row(WallTime at);

/// The check stored beside a row.
[[nodiscard]] std::int64_t check_of(const StateRow& row);

}  // namespace exitgate
