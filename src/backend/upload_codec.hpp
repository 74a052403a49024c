// POST /v1/receipts as bytes and back: the rows of the backend contract's table of answers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/mono_time.hpp"
#include "base/wall_time.hpp"
#include "ports/backend_link.hpp"

namespace exitgate {

inline constexpr Duration kRetryAfterMax = std::chrono::seconds{600};

/// The body. Receipts are put in byte for byte: their hashes were taken over these bytes.
[[nodiscard]] std::string encode_upload(const std::vector<std::string>& receipt_jsons, const ShortId& store_id,
                                        const ShortId& gate_id);

/// `retry_after`: the header's value, empty without one; `now`: the answer's own Date, else the gate's clock.
/// A result that cannot be read counts as none: its receipt stays queued.
[[nodiscard]] UploadAnswer decode_upload_answer(int http_status, std::string_view body, std::string_view retry_after,
                                                WallTime now);

/// Retry-After (RFC 9110 section 10.2.3), seconds or HTTP date, from 0 to 600 s. Nothing for any other text.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view text, WallTime now);

}  // namespace exitgate
