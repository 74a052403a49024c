// The open closures streams and what each has been told (backend contract, "closures").
//
// Ownership: borrows backend, faults and io_context, which outlive it. Thread: the loop's.
// Timing: an event goes out in the turn it was logged; after three quarters of `keepalive` of silence a keepalive does.
// Bounds: the server's connections and each stream's queue; a gate that does not read is cut off and resumes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/mono_time.hpp"
#include "base/wall_time.hpp"
#include "http/server.hpp"
#include "tools/backend/faults.hpp"
#include "tools/backend/store_backend.hpp"

namespace exitgate::reference {

/// Where a stream resumes: "<log id>.<number>".
struct StreamPosition {
  std::string log_id;
  std::int64_t number = 0;
};
[[nodiscard]] std::optional<StreamPosition> parse_position(std::string_view last_event_id);
[[nodiscard]] std::string to_string(const StreamPosition& position);
/// Can a gate that knows all up to `position` be told the rest? If not it has to reset.
[[nodiscard]] bool can_resume(const StreamPosition& position, const Database::LogRange& log);

class ClosureStreams {
 public:
  ClosureStreams(StoreBackend& backend, const Faults& faults, milliseconds keepalive);

  /// Begins a stream for `gate`. `last_event_id` empty: from the beginning.
  void open(const ShortId& gate, std::string_view last_event_id, const http::Responder& responder,
            http::Headers headers, WallTime wall, MonoTime now);
  /// Sends what was logged. Call it after every change, and at least every interval().
  void pump(WallTime wall, MonoTime now);
  [[nodiscard]] milliseconds interval() const { return keepalive_ / 4; }
  /// Drops all connections at once.
  void cut();

 private:
  struct Stream {
    http::EventStream events;
    ShortId gate;
    StreamPosition position;
    bool fresh = true;  ///< began without Last-Event-ID: is spared what no longer matters
    MonoTime last_sent{};
  };
  void feed(Stream& stream, const Database::LogRange& log, WallTime wall, MonoTime now);
  static void send_reset(const http::EventStream& events, const std::string& log_id);

  StoreBackend& backend_;
  const Faults& faults_;
  milliseconds keepalive_;
  std::list<Stream> streams_;
};

}  // namespace exitgate::reference
