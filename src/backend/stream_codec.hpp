// The events of the closures stream (backend contract, table of "closures"). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "core/backend_messages.hpp"

namespace exitgate {

/// The event named `type` with JSON `data`. Nothing: an event this gate does not know, to be passed over. An error
/// ("backend_malformed") says which field of a known event is lacking or wrong; such an event is passed over as well.
[[nodiscard]] Result<std::optional<StreamEvent>> decode_stream_event(std::string_view type, std::string_view data);

}  // namespace exitgate
