// The gates' side of the reference backend: routes requests, obeys the fault switches, answers (backend contract).
//
// Ownership: borrows all it is given; each outlives it. Thread: the loop's. Answers may be given after the call.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/mono_time.hpp"
#include "base/wall_time.hpp"
#include "http/server.hpp"
#include "tools/backend/closure_streams.hpp"
#include "tools/backend/faults.hpp"
#include "tools/backend/store_backend.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::reference {

/// Where time comes from.
struct Clocks {
  std::function<WallTime()> wall;
  std::function<MonoTime()> mono;
};

class GateApi {
 public:
  /// With `check_gate_names` a client certificate's common name must be the gate_id it speaks for, else 403.
  GateApi(boost::asio::io_context& io, StoreBackend& backend, ClosureStreams& streams, const Faults& faults,
          Clocks clocks, bool check_gate_names);

  void handle(const http::Request& request, const http::Responder& responder);
  /// Lets go of the requests that a freeze holds: their connections are dropped.
  void drop_held();

 private:
  enum class Route : unsigned char { kConfirm, kReceipts, kOther };
  [[nodiscard]] http::Response confirm(const http::Request& request);
  [[nodiscard]] http::Response take_receipts(const http::Request& request);
  [[nodiscard]] http::Response reject_all(const std::string& body) const;
  void closures(const http::Request& request, const http::Responder& responder);
  /// The store's path behind /v1/stores/{store}/, or nothing for another store.
  [[nodiscard]] bool is_path(const http::Request& request, std::string_view last) const;
  [[nodiscard]] bool may_speak_for(const http::Request& request, std::string_view gate) const;
  void deliver(Route route, http::Response response, const http::Responder& responder);
  void send(Route route, http::Response response, const http::Responder& responder) const;
  [[nodiscard]] http::Headers date() const;

  boost::asio::io_context& io_;
  StoreBackend& backend_;
  ClosureStreams& streams_;
  const Faults& faults_;
  Clocks clocks_;
  bool check_gate_names_;
  std::vector<http::Responder> held_;  ///< by a freeze; no more than the server has connections
};

}  // namespace exitgate::reference
