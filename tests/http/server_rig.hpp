// A server on a thread of its own, and raw sockets to speak to it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace exitgate::http::test {

class ServerRig {
 public:
  explicit ServerRig(Server::Handler handler, Limits limits = {});
  ~ServerRig();
  ServerRig(const ServerRig&) = delete;
  ServerRig& operator=(const ServerRig&) = delete;

  [[nodiscard]] std::uint16_t listen_tcp(std::optional<TlsSettings> tls = std::nullopt);
  [[nodiscard]] std::string listen_unix(unsigned mode = 0660);
  /// Runs on the server's thread and waits for it.
  void run(const std::function<void(Server&)>& work);
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  struct Loop;
  std::string folder_;
  std::unique_ptr<Loop> loop_;
};

/// A raw client.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  explicit RawClient(const std::string& unix_path);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view text) const;
  /// Everything until the server closes; fails the test after 10 s.
  [[nodiscard]] std::string read_to_end();
  /// Until `mark` was read; what came so far.
  [[nodiscard]] std::string read_until(std::string_view mark);
  void close();

 private:
  int fd_ = -1;
  std::string got_;
};

/// True when `condition` became so within 10 s.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

/// Runs a shell command; its output, and the exit status.
struct Ran {
  int status = 0;
  std::string output;
};
[[nodiscard]] Ran run_command(const std::string& command);

}  // namespace exitgate::http::test
