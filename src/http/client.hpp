// A small blocking HTTP/1.1 client for the control API: one request a connection, over a UNIX socket or plain TCP.
// Used by command-line programs and tests, never by the daemon. Thread: any, one at a time.
// Codes of errors: unreachable (nobody listens there), no_permission, timeout, broken (the connection or its text).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "http/event_text.hpp"
#include "http/message.hpp"

namespace exitgate::http {

class Client {
 public:
  [[nodiscard]] static Client over_unix(std::string path);
  [[nodiscard]] static Client over_tcp(std::string host, std::uint16_t port);

  /// Applies to the whole of a request, and to the start of an event stream.
  void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }
  void add_header(std::string name, std::string value) { headers_.emplace_back(std::move(name), std::move(value)); }

  [[nodiscard]] Result<Response> get(const std::string& target) const { return request("GET", target, "", ""); }
  [[nodiscard]] Result<Response> post(const std::string& target, const std::string& json) const {
    return request("POST", target, json, "application/json");
  }
  [[nodiscard]] Result<Response> request(const std::string& method, const std::string& target, const std::string& body,
                                         const std::string& content_type) const;

  struct Follower {
    /// False ends the stream.
    std::function<bool(const ServerSentEvent&)> event;
    /// Called whenever `tick` has passed; false ends the stream. May be empty.
    std::function<bool()> idle;
    std::chrono::milliseconds tick{1000};
    std::string last_event_id;
  };
  /// Reads server-sent events until a callback ends it. An answer that is not 200 is returned as it is; a stream that
  /// the server ends is `broken`.
  [[nodiscard]] Result<Response> follow(const std::string& target, const Follower& follower) const;
  /// Where it connects to, for messages.
  [[nodiscard]] std::string place() const;

 private:
  std::string unix_path_;
  std::string host_;
  std::uint16_t port_ = 0;
  std::chrono::milliseconds timeout_{10000};
  Headers headers_;
};

}  // namespace exitgate::http
