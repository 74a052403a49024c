// One nginx in a folder of its own: a single process, in the foreground, TLS in front of a UNIX socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "test_certificates.hpp"

namespace exitgate::testing {

struct NginxWish {
  CertificateFiles certificate;
  std::string client_ca_file;
  std::string protocols = "TLSv1.3";
};

class NginxProcess {
 public:
  /// `upstream_socket`: where plain HTTP is answered.
  NginxProcess(std::filesystem::path folder, std::string upstream_socket);
  ~NginxProcess() { stop(); }
  NginxProcess(const NginxProcess&) = delete;
  NginxProcess& operator=(const NginxProcess&) = delete;

  /// Starts it, or starts it anew with another configuration on the same port; returns once it accepts connections.
  void run(const NginxWish& wish);
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::filesystem::path folder_;
  std::string upstream_socket_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace exitgate::testing
