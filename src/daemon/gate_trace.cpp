// What the gate remembers of its steps, told to whoever asks, and kept when something broke that must not.
#include <algorithm>

#include "daemon/gate.hpp"
#include "runtime/journal.hpp"

namespace exitgate::daemon {

trace::Origin Gate::origin() const {
  return {.program = std::string("exitgated ") + EXITGATE_VERSION,
          .store_id = config_->gate.store_id.str(),
          .gate_id = config_->gate.gate_id.str(),
          .taken_at = clock_.view().now};
}

void Gate::trace(std::function<void(Result<std::string>)> done) {
  trace_output_.text(recorder_.recording(), origin(), std::move(done));
}

void Gate::keep_trace_of(const PublicEvent& event) {
  if (event.type != PublicEventType::kFault) return;
  const auto is = [&](std::string_view name, const FieldValue& value) {
    return std::find(event.fields.begin(), event.fields.end(), std::pair{name, value}) != event.fields.end();
  };
  if (!is("code", std::string(to_string(FaultCode::kInvariantViolated))) || !is("active", true)) return;
  // Receipts need what is left of the disk more.
  if (store_->queue_status().storage_low) return;
  trace_output_.file(recorder_.recording(), origin(), [](const Result<std::string>& kept) {
    if (kept) return runtime::log(runtime::LogLevel::kError, "the trace of the broken invariant is " + *kept);
    runtime::log(runtime::LogLevel::kError, "no trace of the broken invariant: " + kept.error().message);
  });
}

}  // namespace exitgate::daemon
