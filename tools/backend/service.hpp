// The reference backend as one running thing: its listeners, its clock tick, and the switches that take listeners away.
//
// Ownership: borrows the io_context, which must outlive it. Thread: the loop's.
// Errors: start() returns them: those of the database, of the listeners, and bad_admin_address.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/server.hpp"
#include "tools/backend/admin_api.hpp"
#include "tools/backend/gate_api.hpp"

namespace exitgate::reference {

struct ServiceSettings {
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 0;
  std::string admin;  ///< "unix:PATH" or a loopback "HOST:PORT"; empty: none
  std::string database = ":memory:";
  http::TlsSettings tls;
  bool check_gate_names = false;
  milliseconds keepalive{15000};
  StoreBackend::Settings store;
};

class Service {
 public:
  Service(boost::asio::io_context& io, ServiceSettings settings);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] Status start();
  /// Bound ports, after start(); the admin's is 0 on a UNIX socket.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint16_t admin_port() const { return admin_port_; }
  /// Closes everything, answers in flight going out for at most a second, then stops the io_context.
  void stop();

 private:
  struct Ticker;
  [[nodiscard]] Status listen();
  [[nodiscard]] Status listen_admin();
  [[nodiscard]] Status obey_faults();
  void tick();

  boost::asio::io_context& io_;
  ServiceSettings settings_;
  Faults faults_;
  std::unique_ptr<StoreBackend> backend_;
  std::unique_ptr<ClosureStreams> streams_;
  std::unique_ptr<GateApi> gates_;
  std::unique_ptr<AdminApi> admin_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> admin_server_;
  std::unique_ptr<Ticker> ticker_;
  std::uint16_t port_ = 0;
  std::uint16_t admin_port_ = 0;
};

/// "HOST:PORT" or "[IPV6]:PORT" taken apart; nothing for another form.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace exitgate::reference
