// What is done with a damaged database at start: keep it aside, take over what is readable, begin a new chain.
// A power cut at any point leaves either the damaged file, untouched, or the complete new one. Internal to receipts/.
// Errors: storage_io, storage_full.
#pragma once

#include "receipts/outbox.hpp"

namespace exitgate {

/// Finishes a salvage that was interrupted after the new database was complete, and clears away an unfinished one.
[[nodiscard]] Status finish_interrupted_salvage(const OutboxOptions& options, StorageFiles& files);

/// Why the files at options.path can't be what the outbox left there; nothing when SQLite may look at them.
[[nodiscard]] Result<std::optional<std::string>> damage_before_opening(const OutboxOptions& options,
                                                                       StorageFiles& files);

/// Afterwards options.path is a good database with what was readable. `why` goes into the report.
[[nodiscard]] Result<DamageReport> salvage(const OutboxOptions& options, StorageFiles& files, const std::string& why);

}  // namespace exitgate
