// The control API (operation contract): status, commands, events, receipts, metrics over HTTP.
//
// On the UNIX socket everything, by the file's permissions; on `listen` by user and role, without a users file on
// loopback and for reading only. Ownership: the caller's; gate, receipts, metrics and io_context outlive it. Thread:
// the loop's; no call blocks but start() and set_users(), which read files. Errors: start() and set_users() return them
// (codes of http::Server::listen, users_file, api_unsafe). Timing: a command is answered when it took effect, at most
// kCommandBound later. Bounds: connections (64 per side), event streams (32), commands under way (64), events kept for
// resuming.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/metrics.hpp"
#include "base/result.hpp"
#include "core/status.hpp"
#include "ports/gate_control.hpp"
#include "ports/receipt_store.hpp"

namespace boost::asio {
class io_context;
}

namespace exitgate::api {

struct NetworkSettings {
  std::string host;                  ///< IPv6 without brackets
  std::uint16_t port = 0;            ///< 0: any free one
  std::string tls_certificate_file;  ///< both or neither; needed off loopback
  std::string tls_private_key_file;
  std::string users_file;               ///< empty: loopback only, reading only
  std::vector<std::string> host_names;  ///< further names this machine is called by, beside those of the certificate
};

struct ApiSettings {
  std::string socket;  ///< path of the UNIX socket
  unsigned socket_mode = 0660;
  std::optional<NetworkSettings> network;
  std::size_t kept_events = 4096;
  std::chrono::milliseconds command_bound = std::chrono::duration_cast<milliseconds>(kCommandBound);
  std::chrono::milliseconds keepalive{15000};
};

class ControlApi {
 public:
  ControlApi(boost::asio::io_context& io, GateControl& gate, ReceiptStore& receipts, Metrics& metrics,
             ApiSettings settings);
  ~ControlApi();
  ControlApi(const ControlApi&) = delete;
  ControlApi& operator=(const ControlApi&) = delete;

  [[nodiscard]] Status start();
  /// The port of `network`, once started; 0 without.
  [[nodiscard]] std::uint16_t port() const;
  /// Every public event, in order: told to those who listen, kept for those who resume.
  void publish(const PublicEvent& event);
  /// Reads the users file again, after a reload. An error changes nothing.
  [[nodiscard]] Status reload_users();
  /// Answers what is under way, ends event streams; `done` when all connections are gone, within about a second.
  void stop(std::function<void()> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace exitgate::api
