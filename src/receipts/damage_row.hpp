// What a salvage found and saved, as a row of the new database: a start that ends before anybody was told, or the
// next restart, does not hide it. Pure. Internal to receipts/.
#pragma once

#include "receipts/outbox.hpp"
#include "receipts/state_rows.hpp"

namespace exitgate {

inline constexpr std::string_view kDamageKind = "damage";

/// To be told at every start of a day. Names up to 1,000 ranges; the files kept aside are not in it.
[[nodiscard]] StateRow damage_row(const DamageReport& report);
[[nodiscard]] Result<DamageReport> parse_damage_row(const StateRow& row);

}  // namespace exitgate
