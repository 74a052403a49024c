// The admin side: sessions, walkout arrivals, revocations, passes, fault switches, and looking at what came in. JSON
// over plain HTTP on a UNIX socket or loopback; for whoever runs a demonstration or test, never for a gate. Pure but
// for what the backend does: a request goes in, an answer comes out.
#pragma once

#include <functional>
#include <string>

#include "base/wall_time.hpp"
#include "http/message.hpp"
#include "tools/backend/faults.hpp"
#include "tools/backend/store_backend.hpp"

namespace exitgate::reference {

class AdminApi {
 public:
  /// `on_faults` is told after a change of switches; `wall` is the time.
  AdminApi(StoreBackend& backend, Faults& faults, std::function<WallTime()> wall,
           std::function<Result<void>()> on_faults)
      : backend_(backend), faults_(faults), wall_(std::move(wall)), on_faults_(std::move(on_faults)) {}

  [[nodiscard]] http::Response handle(const http::Request& request);

 private:
  using Body = Result<std::string>;
  [[nodiscard]] Body put_session(const std::string& body);
  [[nodiscard]] Body arrive(const std::string& body);
  [[nodiscard]] Body revoke(const std::string& body);
  [[nodiscard]] Body pass(const std::string& body);
  [[nodiscard]] Body add_pass_key(const std::string& body);
  [[nodiscard]] Body change_switches(const std::string& body);
  [[nodiscard]] Body renew_log();
  [[nodiscard]] std::string receipts();
  [[nodiscard]] std::string sessions();
  [[nodiscard]] std::string questions() const;
  [[nodiscard]] std::string summary();

  StoreBackend& backend_;
  Faults& faults_;
  std::function<WallTime()> wall_;
  std::function<Result<void>()> on_faults_;
};

}  // namespace exitgate::reference
